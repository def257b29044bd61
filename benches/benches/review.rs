//! What an AdmissionReview of 8.8 KB costs on its way to a decision of 17 Pod Security policies.

#![expect(clippy::unwrap_used, reason = "a bench")]

use std::hint::black_box;

use ajj_benches::{REVIEW, admission, pod_security};
use ajj_engine::{Facts, Limits, compile, parse_json_lazily};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn reviewing(criterion: &mut Criterion) {
    let (policies, diagnostics) = compile(&pod_security().unwrap());
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let limits = Limits::default();
    let facts = Facts::default();
    let review = parse_json_lazily(REVIEW, &limits).unwrap();
    let request = admission(&review).unwrap();
    let decision = policies.conclude(&request, &facts);
    assert_eq!(decision.results.len(), 17);
    assert!(decision.allowed());
    let mut group = criterion.benchmark_group("review");
    group.throughput(Throughput::Bytes(REVIEW.len() as u64));
    group.bench_function("read", |bencher| {
        bencher.iter(|| parse_json_lazily(black_box(REVIEW), &limits).unwrap());
    });
    group.bench_function("request", |bencher| bencher.iter(|| admission(black_box(&review))));
    group.bench_function("evaluate", |bencher| {
        bencher.iter(|| policies.conclude(black_box(&request), &facts));
    });
    group.bench_function("all of it", |bencher| {
        bencher.iter(|| {
            let review = parse_json_lazily(black_box(REVIEW), &limits).unwrap();
            policies.conclude(&admission(&review).unwrap(), &facts)
        });
    });
    group.finish();
}

criterion_group!(benches, reviewing);
criterion_main!(benches);
