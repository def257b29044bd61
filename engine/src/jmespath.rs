//! JMESPath with the functions and the not-found rules of Kyverno.

/// A compiled expression.
#[derive(Debug)]
pub struct Expression;
