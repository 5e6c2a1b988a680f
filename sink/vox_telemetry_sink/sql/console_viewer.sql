-- What the console reads for a viewer: k-anonymous views and nothing else.
-- tests/sink/sql/test_console_queries.py holds each of these to that.
-- A total is the sum of the groups that are shown beside it: less these, a total of everything would
-- be the hidden ones. For the same reason no count is here that two groups share, as a batch of two
-- families or of two rules would be.

-- days --
-- $1 the first day.
SELECT day, 'accepted' AS outcome, sum(events)::bigint AS events
FROM daily_families WHERE day >= $1 GROUP BY day
UNION ALL
SELECT day, 'duplicate', events FROM daily_duplicates WHERE day >= $1
UNION ALL
SELECT day, 'rejected', coalesce(sum(events), 0)::bigint
FROM daily_rejections WHERE day >= $1 GROUP BY day;

-- families --
-- $1 the first day, $2 one family, or NULL.
SELECT day, family, events FROM daily_families
WHERE day >= $1 AND ($2::text IS NULL OR family = $2);

-- rejections_by_problem --
-- $1 the first day; $2 a problem, or NULL.
SELECT problem, sum(batches)::bigint AS batches, sum(events)::bigint AS events, count(*) AS days
FROM daily_rejections WHERE day >= $1 AND ($2::text IS NULL OR problem = $2)
GROUP BY problem ORDER BY batches DESC, problem;

-- rejections_by_rule --
-- $3 a rule, or NULL.
SELECT problem, rule, sum(violations)::bigint AS violations, min(day) AS first_day,
       max(day) AS last_day
FROM daily_rejections_by_rule
WHERE day >= $1 AND ($2::text IS NULL OR problem = $2) AND ($3::text IS NULL OR rule = $3)
GROUP BY problem, rule ORDER BY violations DESC, problem, rule;

-- k_keys --
SELECT k_keys FROM anonymity;
