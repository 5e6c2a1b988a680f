-- The views group by the day: a condition on it finds no index on the moment.
CREATE INDEX batch_day ON batch USING brin (((received_at AT TIME ZONE 'UTC')::date));
CREATE INDEX rejection_day ON rejection USING brin (((rejected_at AT TIME ZONE 'UTC')::date));

CREATE OR REPLACE VIEW daily_families WITH (security_barrier) AS
SELECT by_key.day,
       by_key.family,
       sum(by_key.events)::bigint AS events,
       sum(by_key.batches)::bigint AS batches,
       count(DISTINCT coalesce(key_origin.origin_key_id, by_key.key_id)) AS keys
FROM (
    -- Counted before the join: Citus joins no union that calls a function for each row.
    SELECT day, family, key_id, sum(events) AS events, count(*) AS batches
    FROM all_families GROUP BY day, family, key_id
) AS by_key LEFT JOIN key_origin ON key_origin.key_id = by_key.key_id
GROUP BY by_key.day, by_key.family
HAVING count(DISTINCT coalesce(key_origin.origin_key_id, by_key.key_id))
    >= (SELECT k_keys FROM anonymity);

-- event_count may be NULL, and a group of k keys may have it of one of them.
CREATE OR REPLACE VIEW daily_rejections WITH (security_barrier) AS
SELECT day, problem, batches, keys,
       CASE WHEN keys_of_events >= (SELECT k_keys FROM anonymity) THEN events END AS events
FROM (
    SELECT day, problem, count(*) AS batches, count(DISTINCT origin_key_id) AS keys,
           sum(event_count)::bigint AS events,
           count(DISTINCT origin_key_id) FILTER (WHERE event_count IS NOT NULL) AS keys_of_events
    FROM all_rejections GROUP BY day, problem
    HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;

CREATE OR REPLACE VIEW daily_refused WITH (security_barrier) AS
SELECT day, batches,
       CASE WHEN keys_of_events >= (SELECT k_keys FROM anonymity) THEN events END AS events, keys
FROM (
    SELECT day, count(*) AS batches, count(DISTINCT origin_key_id) AS keys,
           sum(event_count)::bigint AS events,
           count(DISTINCT origin_key_id) FILTER (WHERE event_count IS NOT NULL) AS keys_of_events
    FROM all_rejections GROUP BY day
    HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;

-- A mean is shown where k keys or more have a value: of a group of k keys, one alone may have it.

CREATE OR REPLACE VIEW daily_benchmark WITH (security_barrier) AS
SELECT day, metric_value_unit, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       metadata ->> 'metric_value_unit' AS metric_value_unit,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'benchmark'
GROUP BY day, metric_value_unit
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;

CREATE OR REPLACE VIEW daily_syntax_k WITH (security_barrier) AS
SELECT day, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'syntax_k'
GROUP BY day
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;

CREATE OR REPLACE VIEW daily_mcp_surface WITH (security_barrier) AS
SELECT day, risk_decision, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       metadata ->> 'risk_decision' AS risk_decision,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'mcp_surface'
GROUP BY day, risk_decision
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;

CREATE OR REPLACE VIEW daily_mcp_surface_s2 WITH (security_barrier) AS
SELECT day, risk_decision, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       metadata ->> 'risk_decision' AS risk_decision,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'mcp_surface_s2'
GROUP BY day, risk_decision
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;

CREATE OR REPLACE VIEW daily_workflow_journal WITH (security_barrier) AS
SELECT day, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'workflow_journal'
GROUP BY day
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;

CREATE OR REPLACE VIEW daily_workflow_journal_s2 WITH (security_barrier) AS
SELECT day, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'workflow_journal_s2'
GROUP BY day
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;

CREATE OR REPLACE VIEW daily_mesh_control WITH (security_barrier) AS
SELECT day, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'mesh_control'
GROUP BY day
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;

CREATE OR REPLACE VIEW daily_questioning WITH (security_barrier) AS
SELECT day, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'questioning'
GROUP BY day
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;

CREATE OR REPLACE VIEW daily_questioning_s2 WITH (security_barrier) AS
SELECT day, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'questioning_s2'
GROUP BY day
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;

CREATE OR REPLACE VIEW daily_memory_hybrid_fusion_s2 WITH (security_barrier) AS
SELECT day, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'memory_hybrid_fusion_s2'
GROUP BY day
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;

CREATE OR REPLACE VIEW daily_agent_exec WITH (security_barrier) AS
SELECT day, metric_value_unit, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       metadata ->> 'metric_value_unit' AS metric_value_unit,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'agent_exec'
GROUP BY day, metric_value_unit
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;

CREATE OR REPLACE VIEW daily_model_call WITH (security_barrier) AS
SELECT day, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'model_call'
GROUP BY day
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;

CREATE OR REPLACE VIEW daily_model_route WITH (security_barrier) AS
SELECT day, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'model_route'
GROUP BY day
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;

CREATE OR REPLACE VIEW daily_task_summary WITH (security_barrier) AS
SELECT day, outcome, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       metadata ->> 'outcome' AS outcome,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'task_summary'
GROUP BY day, outcome
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;

CREATE OR REPLACE VIEW daily_completion_ci WITH (security_barrier) AS
SELECT day, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'completion_ci'
GROUP BY day
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;

CREATE OR REPLACE VIEW daily_completion_finding_s2 WITH (security_barrier) AS
SELECT day, tier, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       metadata ->> 'tier' AS tier,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'completion_finding_s2'
GROUP BY day, tier
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;

CREATE OR REPLACE VIEW daily_mens_training WITH (security_barrier) AS
SELECT day, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'mens_training'
GROUP BY day
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;

CREATE OR REPLACE VIEW daily_attention WITH (security_barrier) AS
SELECT day, channel, decision, events, keys,
       CASE WHEN keys_of_mean >= (SELECT k_keys FROM anonymity) THEN mean END AS mean_metric_value
FROM (
SELECT day,
       metadata ->> 'channel' AS channel,
       metadata ->> 'decision' AS decision,
       count(*) AS events,
       count(DISTINCT origin_key_id) AS keys,
       avg(metric_value) AS mean,
       count(DISTINCT origin_key_id) FILTER (WHERE metric_value IS NOT NULL) AS keys_of_mean
FROM all_events WHERE family = 'attention'
GROUP BY day, channel, decision
HAVING count(DISTINCT origin_key_id) >= (SELECT k_keys FROM anonymity)
) AS shown;
