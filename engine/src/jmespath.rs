//! JMESPath with the functions and the not-found rules of Kyverno.
