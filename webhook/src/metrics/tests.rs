use std::sync::Arc;
use std::time::Duration;

use ajj_engine::Operation;

use super::{Gauges, Shard, Verdict, write};

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
    let page = write(&shards, &Gauges { digest, rules: 3, ..Gauges::default() });
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
    ] {
        assert!(page.lines().any(|found| found == line), "`{line}` is missing in\n{page}");
    }
}
