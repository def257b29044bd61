//! What follows from a violation of a constraint, and where.
//!
//! Upstream: pkg/util/enforcement_action.go; `GetEnforcementActionsForEP` in
//! constraint/pkg/apis/constraints/apis.go.

use crate::decision::Action;
use crate::decode::{Fields, Problems, unknown_word};
use crate::diagnostic::Diagnostic;
use crate::policy_set::Selection;
use crate::tree::Node;

/// The action at each enforcement point; `None` where the constraint is not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Enforcement {
    /// `validation.gatekeeper.sh`.
    pub(super) admission: Option<Action>,
    /// `audit.gatekeeper.sh`.
    pub(super) audit: Option<Action>,
    /// `gator.gatekeeper.sh`: the command line and test suites.
    pub(super) desk: Option<Action>,
}

const ACTIONS: &[(&str, Action)] =
    &[("deny", Action::Deny), ("warn", Action::Warn), ("dryrun", Action::Audit)];
const ALL_ACTIONS: [&str; 4] = ["deny", "warn", "dryrun", "scoped"];
const POINTS: [&str; 5] =
    ["validation.gatekeeper.sh", "audit.gatekeeper.sh", "gator.gatekeeper.sh", "vap.k8s.io", "*"];

impl Enforcement {
    const NOWHERE: Self = Self { admission: None, audit: None, desk: None };

    pub(super) fn everywhere(action: Action) -> Self {
        Self { admission: Some(action), audit: Some(action), desk: Some(action) }
    }

    /// What follows where a selection asks; `None` where the constraint is not asked.
    pub(crate) fn at(&self, selection: Selection) -> Option<Action> {
        match selection {
            Selection::All => self.desk,
            Selection::Admission | Selection::AdmissionWith(_) => self.admission,
            Selection::Background => self.audit,
        }
    }

    /// The same places, each with the action deny.
    pub(crate) fn enforced(self) -> Self {
        let deny = |action: Option<Action>| action.map(|_| Action::Deny);
        Self { admission: deny(self.admission), audit: deny(self.audit), desk: deny(self.desk) }
    }

    /// The strongest action that it has anywhere.
    pub(super) fn strongest(&self) -> Option<Action> {
        [self.admission, self.audit, self.desk].into_iter().flatten().min()
    }

    fn add(&mut self, point: &str, action: Action) {
        // Of several actions at one point, all are taken upstream: the strongest settles it.
        let stronger = |known: &mut Option<Action>| {
            *known = Some(known.map_or(action, |known| known.min(action)));
        };
        match point {
            "validation.gatekeeper.sh" => stronger(&mut self.admission),
            "audit.gatekeeper.sh" => stronger(&mut self.audit),
            "gator.gatekeeper.sh" => stronger(&mut self.desk),
            "*" => {
                [&mut self.admission, &mut self.audit, &mut self.desk]
                    .into_iter()
                    .for_each(stronger);
            }
            _ => {}
        }
    }
}

/// Reads `enforcementAction` and `scopedEnforcementActions` of a constraint's spec.
///
/// An action that is not known is refused by Gatekeeper's webhook, and enforced nowhere where it
/// came past it: here it is an error, and what is found counts as an audit's.
pub(super) fn decode(fields: &mut Fields<'_, '_, '_>, problems: &Problems<'_>) -> Enforcement {
    let scoped = fields.get("scopedEnforcementActions");
    let node = fields.get("enforcementAction");
    let written = fields.text("enforcementAction").unwrap_or_default();
    if written == "scoped" {
        return match scoped {
            Some(_) => decode_scoped(fields, problems),
            None => {
                let message = "`enforcementAction: scoped` needs `scopedEnforcementActions`";
                let place = node.unwrap_or(fields.node());
                problems.at(place, Diagnostic::error("missing-field", message));
                Enforcement::NOWHERE
            }
        };
    }
    if let Some(scoped) = scoped {
        let message = "`scopedEnforcementActions` is not read here";
        let help = "write `enforcementAction: scoped`";
        problems.at(scoped, Diagnostic::warning("ignored-field", message).help(help));
    }
    match ACTIONS.iter().find(|(word, _)| *word == written) {
        Some((_, action)) => Enforcement::everywhere(*action),
        None if written.is_empty() => Enforcement::everywhere(Action::Deny),
        None => {
            if let Some(node) = node {
                problems.at(node, unknown_word("enforcementAction", node, ALL_ACTIONS));
            }
            Enforcement::everywhere(Action::Audit)
        }
    }
}

fn decode_scoped(fields: &mut Fields<'_, '_, '_>, problems: &Problems<'_>) -> Enforcement {
    let mut enforcement = Enforcement::NOWHERE;
    for node in fields.list("scopedEnforcementActions").unwrap_or_default() {
        let Some(mut fields) = Fields::of(node, "scopedEnforcementActions", problems) else {
            continue;
        };
        fields.require("action");
        let action = fields.word("action", ACTIONS);
        let points = fields.list("enforcementPoints").unwrap_or_default();
        if points.is_empty() {
            let message = "an action without `enforcementPoints` is taken nowhere";
            let help = format!("name one of: {}", POINTS.join(", "));
            problems.at(node, Diagnostic::error("missing-field", message).help(help));
        }
        for point in points {
            let name = point_name(point, problems);
            if let (Some(action), Some(name)) = (action, name) {
                enforcement.add(name, action);
            }
        }
        fields.finish();
    }
    enforcement
}

fn point_name<'t>(node: Node<'t>, problems: &Problems<'_>) -> Option<&'t str> {
    let mut fields = Fields::of(node, "an enforcement point", problems)?;
    fields.require("name");
    let name = fields.text("name");
    if let (Some(word), Some(node)) = (name, fields.get("name"))
        && !POINTS.contains(&word)
    {
        problems.at(node, unknown_word("enforcement point", node, POINTS));
    }
    fields.finish();
    name
}
