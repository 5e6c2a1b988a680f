-- What the console reads for a viewer: k-anonymous views and nothing else.
-- tests/sink/sql/test_console_queries.py holds each of these to that.

-- days --
-- $1 the first day.
SELECT day, 'accepted' AS outcome, batches, events FROM daily_batches WHERE day >= $1
UNION ALL
SELECT day, 'duplicate', batches, events FROM daily_duplicates WHERE day >= $1
UNION ALL
SELECT day, 'rejected', batches, coalesce(events, 0) FROM daily_refused WHERE day >= $1;

-- families --
-- $1 the first day, $2 one family, or NULL.
SELECT day, family, events, batches FROM daily_families
WHERE day >= $1 AND ($2::text IS NULL OR family = $2);

-- rejections_by_problem --
-- $1 the first day; $2 a problem, or NULL.
SELECT problem, sum(batches)::bigint AS batches, sum(events)::bigint AS events, count(*) AS days
FROM daily_rejections WHERE day >= $1 AND ($2::text IS NULL OR problem = $2)
GROUP BY problem ORDER BY batches DESC, problem;

-- rejections_by_rule --
-- $3 a rule, or NULL.
SELECT problem, rule, sum(violations)::bigint AS violations, sum(batches)::bigint AS batches,
       min(day) AS first_day, max(day) AS last_day
FROM daily_rejections_by_rule
WHERE day >= $1 AND ($2::text IS NULL OR problem = $2) AND ($3::text IS NULL OR rule = $3)
GROUP BY problem, rule ORDER BY violations DESC, problem, rule;

-- k_keys --
SELECT k_keys FROM anonymity;
