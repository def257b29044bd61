use std::sync::Arc;
use std::time::Duration;

use ajj_engine::Operation;
use ajj_facts::LiveCounters;

use super::{ClusterGauges, Gauges, Shard, Verdict, write};
use crate::policies::Lag;

#[test]
fn a_scrape_adds_up_what_workers_counted() {
    let shards = [Arc::new(Shard::default()), Arc::new(Shard::default())];
    for shard in &shards {
        shard.count(Some(Operation::Create), Verdict::Denied, Duration::from_micros(200));
    }
    shards[0].count(None, Verdict::Refused, Duration::from_secs(9));
    assert_eq!((shards[0].enter(), shards[0].enter()), (1, 2));
    shards[0].leave();
    let digest = "a\"b\\c\nd".to_owned();
    let gauges = Gauges { digest, rules: 3, policies: 5, broken: 2, ..Gauges::default() };
    let page = write(&shards, &gauges);
    for line in [
        "ajj_admission_requests_total{operation=\"create\",decision=\"denied\"} 2",
        "ajj_admission_requests_total{operation=\"unknown\",decision=\"refused\"} 1",
        "ajj_admission_duration_seconds_bucket{le=\"0.0001\"} 0",
        "ajj_admission_duration_seconds_bucket{le=\"0.00025\"} 2",
        "ajj_admission_duration_seconds_bucket{le=\"5\"} 2",
        "ajj_admission_duration_seconds_bucket{le=\"+Inf\"} 3",
        "ajj_admission_duration_seconds_count 3",
        "ajj_admission_duration_seconds_sum 9.0004",
        "ajj_admission_in_flight 1",
        "ajj_policies_info{digest=\"a\\\"b\\\\c\\nd\"} 1",
        "ajj_rules 3",
        "ajj_policies{state=\"enforced\"} 3",
        "ajj_policies{state=\"broken\"} 2",
    ] {
        assert!(page.lines().any(|found| found == line), "`{line}` is missing in\n{page}");
    }
}

#[test]
fn a_cluster_says_how_old_it_is_and_how_long_changes_take() {
    let (counters, lag) = (LiveCounters::default(), Lag::default());
    lag.add(Duration::from_millis(20));
    lag.add(Duration::from_secs(40));
    let cluster = ClusterGauges {
        age: Some(Duration::from_millis(1_500)),
        has_trouble: true,
        counters: &counters,
        lag: &lag,
        events_dropped: 7,
        exceptions_ignored: 3,
    };
    let page = write(&[], &Gauges { cluster: Some(cluster), ..Gauges::default() });
    for line in [
        "ajj_cluster_listed 1",
        "ajj_cluster_age_seconds 1.5",
        "ajj_cluster_trouble 1",
        "ajj_policy_enforcement_lag_seconds_bucket{le=\"0.01\"} 0",
        "ajj_policy_enforcement_lag_seconds_bucket{le=\"0.025\"} 1",
        "ajj_policy_enforcement_lag_seconds_bucket{le=\"+Inf\"} 2",
        "ajj_policy_enforcement_lag_seconds_sum 40.02",
        "ajj_policy_enforcement_lag_last_seconds 40",
        "ajj_events_dropped_total 7",
        "ajj_exceptions_ignored 3",
        "ajj_facts_api_calls_total 0",
    ] {
        assert!(page.lines().any(|found| found == line), "`{line}` is missing in\n{page}");
    }
    assert!(!write(&[], &Gauges::default()).contains("ajj_cluster"));
}
