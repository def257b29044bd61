//! Ranges such as `1-10` or `100Mi-1Gi` where a list could stand.

use crate::kyverno::pattern::leaf::{Leaf, is_range};
use crate::value::{Text, Value};

/// A range, both ends included, as patterns compare it.
pub(super) struct Range<'t>(Text<'t>);

impl<'t> Range<'t> {
    /// Reads a range; both ends are a number with an optional sign and an optional unit.
    pub(super) fn parse(text: &Text<'t>) -> Option<Self> {
        is_range(text).then(|| Self(text.clone()))
    }

    /// Whether a text is in the range; never where it cannot be compared.
    pub(super) fn inside(&self) -> impl Fn(&Text<'t>) -> bool + use<'t> {
        let leaf = Leaf::compile(&Value::String(self.0.clone()));
        move |text| leaf.matches(&Value::String(text.clone()))
    }

    /// Whether a text is outside of the range; never where it cannot be compared.
    ///
    /// The first `-` is marked, as upstream: where that is the sign of the first number, the
    /// pattern becomes "not equal to this text".
    pub(super) fn outside(&self) -> impl Fn(&Text<'t>) -> bool + use<'t> {
        let leaf = Leaf::compile(&Value::from(self.0.replacen('-', "!-", 1)));
        move |text| leaf.matches(&Value::String(text.clone()))
    }
}
