//! Documents that rules define together: packages, and what stands around them in `data`.

use std::collections::BTreeSet;

use super::super::Value;
use super::super::program::{Key, Node, RuleKind};
use super::{EvaluationError, Flow, Found, Machine, ThenValue};

impl<'h, 'v> Machine<'h, 'v> {
    /// All of a branch as one object: what its rules define over what `data` holds there.
    pub(super) fn branch(&mut self, branch: usize) -> Result<Option<Value<'v>>, EvaluationError> {
        let base = self.base_of(branch);
        if self.is_replaced(branch) {
            return Ok(base);
        }
        let Some(found) = self.program.branches.get(branch) else { return Ok(base) };
        let mut entries = match base.as_ref().and_then(|base| base.as_object()) {
            Some(entries) => entries.sorted(),
            None if base.is_some() => return Ok(base),
            None => Vec::new(),
        };
        for (name, node) in &found.children {
            // Where both are there, the document counts.
            let in_base = base.as_ref().and_then(|base| base.get(&Value::from(&**name)));
            if in_base.is_some() && matches!(node, Node::Rule(_)) {
                continue;
            }
            if let Some(value) = self.deeper(|machine| machine.node(*node))? {
                entries.push((Value::from(&**name), value));
            }
        }
        Ok(Some(Value::object(entries)))
    }

    fn node(&mut self, node: Node) -> Result<Option<Value<'v>>, EvaluationError> {
        match node {
            Node::Branch(branch) => self.branch(branch),
            Node::Rule(rule) => {
                let is_function = self
                    .program
                    .rules
                    .get(rule)
                    .is_some_and(|rule| matches!(rule.kind, RuleKind::Function(_)));
                if is_function { Ok(None) } else { self.rule(rule) }
            }
        }
    }

    /// What `data` holds at the path of a branch.
    fn base_of(&self, branch: usize) -> Option<Value<'v>> {
        let branch = self.program.branches.get(branch)?;
        branch
            .path
            .iter()
            .try_fold(self.context.data.clone(), |value, key| value.get(&Value::from(&**key)))
    }

    /// Whether `with` has replaced the whole branch.
    fn is_replaced(&self, branch: usize) -> bool {
        let path = self.program.branches.get(branch).map(|branch| &*branch.path);
        self.context
            .replaced
            .iter()
            .any(|replaced| path.is_some_and(|path| path.starts_with(replaced)))
    }

    /// Calls `then` for each value that keys lead to from a branch.
    pub(super) fn each_in_branch(
        &mut self,
        branch: usize,
        keys: &'v [Key],
        then: ThenValue<'_, 'h, 'v>,
    ) -> Found {
        let Some((key, rest)) = keys.split_first() else {
            return match self.branch(branch)? {
                Some(value) => then(self, value),
                None => Ok(Flow::More),
            };
        };
        let base = self.base_of(branch);
        let Some(found) = self.program.branches.get(branch).filter(|_| !self.is_replaced(branch))
        else {
            return match base {
                Some(base) => self.descend(base, keys, then),
                None => Ok(Flow::More),
            };
        };
        let name = match key {
            Key::Field(name) => Some(Value::from(&**name)),
            Key::Bound(term) => match self.term(term)? {
                Some(name) => Some(name),
                None => return Ok(Flow::More),
            },
            Key::Each(_) => None,
        };
        if let Some(name) = name {
            let child = name.as_str().and_then(|name| found.children.get(name));
            return match (child, base) {
                (Some(child), _) => self.each_in_node(*child, rest, then),
                (None, Some(base)) => match base.get(&name) {
                    Some(value) => self.descend(value, rest, then),
                    None => Ok(Flow::More),
                },
                (None, None) => Ok(Flow::More),
            };
        }
        let Key::Each(pattern) = key else { return Ok(Flow::More) };
        let mut names: BTreeSet<Value<'v>> =
            found.children.keys().map(|name| Value::from(&**name)).collect();
        if let Some(entries) = base.as_ref().and_then(|base| base.as_object()) {
            names.extend(entries.sorted().into_iter().map(|(key, _)| key));
        }
        self.deeper(|machine| {
            for name in names {
                machine.tick()?;
                if !machine.fits(pattern, name.clone())? {
                    continue;
                }
                let child = name.as_str().and_then(|name| found.children.get(name));
                let flow = match child {
                    Some(child) => machine.each_in_node(*child, rest, then)?,
                    None => match base.as_ref().and_then(|base| base.get(&name)) {
                        Some(value) => machine.descend(value, rest, then)?,
                        None => Flow::More,
                    },
                };
                if flow == Flow::Enough {
                    return Ok(Flow::Enough);
                }
            }
            Ok(Flow::More)
        })
    }

    fn each_in_node(&mut self, node: Node, keys: &'v [Key], then: ThenValue<'_, 'h, 'v>) -> Found {
        match node {
            Node::Branch(branch) => {
                self.deeper(|machine| machine.each_in_branch(branch, keys, then))
            }
            Node::Rule(_) => match self.node(node)? {
                Some(value) => self.descend(value, keys, then),
                None => Ok(Flow::More),
            },
        }
    }
}
