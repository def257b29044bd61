//! What it costs to read an object, beside the reader that most would take.

#![expect(clippy::unwrap_used, reason = "a bench")]

use std::hint::black_box;

use ajj_benches::DEPLOYMENT;
use ajj_engine::{Limits, Source, parse_json, parse_yaml, read};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn reading(criterion: &mut Criterion) {
    let limits = Limits::default();
    let json = parse_yaml(DEPLOYMENT, &limits).unwrap().root().to_json();
    let mut group = criterion.benchmark_group("read");
    group.throughput(Throughput::Bytes(json.len() as u64));
    group.bench_function("JSON", |bencher| {
        bencher.iter(|| parse_json(black_box(json.as_str()), &limits).unwrap());
    });
    group.bench_function("JSON with serde_json", |bencher| {
        bencher.iter(|| serde_json::from_str::<serde_json::Value>(black_box(&json)).unwrap());
    });
    group.throughput(Throughput::Bytes(DEPLOYMENT.len() as u64));
    let source = Source::new("deployment.yaml", DEPLOYMENT);
    group.bench_function("YAML", |bencher| bencher.iter(|| read(black_box(&source), &limits)));
    group.bench_function("YAML with the place of one value", |bencher| {
        bencher.iter(|| {
            let reading = read(black_box(&source), &limits);
            reading.documents.first().unwrap().span(&["spec", "template", "spec", "volumes", "1"])
        });
    });
    group.finish();
}

criterion_group!(benches, reading);
criterion_main!(benches);
