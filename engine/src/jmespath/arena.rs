//! Keeps what one evaluation makes, so that values can point into it.

use std::cell::OnceCell;

use super::Expression;
use crate::tree::Tree;

/// Owns trees and expressions that come to be during one evaluation.
///
/// Values borrow from the policies, the request, the facts and this arena; it is made first and
/// dropped last.
#[derive(Default)]
pub struct Arena {
    // Most evaluations keep nothing, and an arena that is made takes memory at once.
    trees: OnceCell<typed_arena::Arena<Tree>>,
    expressions: OnceCell<typed_arena::Arena<Expression>>,
}

impl Arena {
    /// Keeps a tree, such as one that `parse_json()` read.
    pub fn tree(&self, tree: Tree) -> &Tree {
        self.trees.get_or_init(Default::default).alloc(tree)
    }

    /// Keeps an expression that was put together from variables.
    pub fn expression(&self, expression: Expression) -> &Expression {
        self.expressions.get_or_init(Default::default).alloc(expression)
    }
}

impl std::fmt::Debug for Arena {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Arena({} trees)", self.trees.get().map_or(0, typed_arena::Arena::len))
    }
}
