//! Calls with the answers that OPA 1.19.0 gives.

mod collections;
mod documents;
mod encodings;
mod operators;
mod patterns;
mod schemas;
mod texts;
mod tokens;
mod types;
mod values;
