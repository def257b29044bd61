//! What one request costs: Pod Security on one object, and few rules that match among many.

#![expect(clippy::unwrap_used, reason = "a bench")]

use std::hint::black_box;

use ajj_benches::{DEPLOYMENT, POD, many, pod_security, request};
use ajj_engine::{Facts, compile};
use criterion::{Criterion, criterion_group, criterion_main};

fn pod_security_on_one_object(criterion: &mut Criterion) {
    let (policies, diagnostics) = compile(&pod_security().unwrap());
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(policies.policies(), 17);
    let mut group = criterion.benchmark_group("17 Pod Security policies");
    for (kind, object) in [("Pod", POD), ("Deployment", DEPLOYMENT)] {
        let request = request(object).unwrap();
        let decision = policies.conclude(&request, &Facts::default());
        assert_eq!(decision.results.len(), 17);
        assert!(decision.allowed());
        group.bench_function(kind, |bencher| {
            bencher.iter(|| policies.conclude(black_box(&request), &Facts::default()));
        });
    }
    group.finish();
}

fn few_among_many(criterion: &mut Criterion) {
    let request = request(POD).unwrap();
    let mut group = criterion.benchmark_group("5 policies that match");
    for count in [5, 10_000] {
        let policies = many(count, 5);
        assert_eq!(policies.conclude(&request, &Facts::default()).results.len(), 5);
        group.bench_function(format!("among {count}"), |bencher| {
            bencher.iter(|| policies.conclude(black_box(&request), &Facts::default()));
        });
    }
    group.finish();
}

criterion_group!(benches, pod_security_on_one_object, few_among_many);
criterion_main!(benches);
