//! Holds a pattern with anchors and operators against a value.
