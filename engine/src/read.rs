//! Reads YAML and JSON into trees, and finds places again.
