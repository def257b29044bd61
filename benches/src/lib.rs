//! Benches; see `benches/`.
