//! What it costs to compile policies.

#![expect(clippy::unwrap_used, reason = "a bench")]

use std::hint::black_box;

use ajj_benches::{many, pod_security};
use ajj_engine::compile;
use criterion::{Criterion, criterion_group, criterion_main};

fn compiling(criterion: &mut Criterion) {
    let sources = pod_security().unwrap();
    let mut group = criterion.benchmark_group("compile");
    group.bench_function("17 Pod Security policies", |bencher| {
        bencher.iter(|| compile(black_box(&sources)));
    });
    group.sample_size(10);
    group.bench_function("1000 small policies", |bencher| bencher.iter(|| many(1000, 5)));
    group.finish();
}

criterion_group!(benches, compiling);
criterion_main!(benches);
