#![no_main]

#[path = "../entries.rs"]
#[expect(dead_code, reason = "each target has its own entry")]
mod entries;

libfuzzer_sys::fuzz_target!(|text: &str| entries::rego(text));
