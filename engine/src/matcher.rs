//! Which objects a rule of Kyverno is asked about: `match` and `exclude`.
//!
//! Upstream: `MatchesResourceDescription` in `pkg/engine/utils/match.go`. Asking allocates
//! nothing.

mod block;
mod decode;
mod filter;
mod kind;
mod selector;
mod subject;

use self::block::{Answer, Block};

use std::collections::BTreeSet;

use crate::request::Operation;

pub(crate) use self::filter::{
    Filters, LabelSelector, ResourceDescription, ResourceFilter, SubjectKind, SubjectReference,
    UserFilter,
};
pub(crate) use self::kind::KindSelector;
pub(crate) use self::selector::{Selector, SelectorError};
pub(crate) use self::subject::{Labels, Subject};

/// The `match` and `exclude` of a rule, ready to be asked.
#[derive(Clone, Debug)]
pub(crate) struct Matcher {
    matching: Group,
    excluding: Group,
    kinds: Vec<KindSelector>,
}

/// Says that a `match` or `exclude` cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MatcherError {
    /// The steps from the rule to the selector: `match`, `any`, `0`, `resources`, `selector`.
    pub(crate) steps: Vec<String>,
    /// What is wrong there.
    pub(crate) error: SelectorError,
}

impl std::fmt::Display for MatcherError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.steps.join("."), self.error)
    }
}

impl std::error::Error for MatcherError {}

/// Whether a rule is asked about an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    /// It is.
    Yes,
    /// It is not, with the first reason.
    No(Mismatch),
    /// That depends on the labels of the object's namespace, which are not known.
    NeedsNamespace,
}

/// Why a rule is not asked about an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mismatch {
    /// The policy is of another namespace.
    PolicyNamespace,
    /// The block says nothing.
    Empty,
    /// Not one of `kinds`.
    Kind,
    /// Not one of `operations`.
    Operation,
    /// Not `name`.
    Name,
    /// Not one of `names`.
    Names,
    /// Not in one of `namespaces`.
    Namespace,
    /// Not with `annotations`.
    Annotations,
    /// Not with the labels of `selector`.
    Selector,
    /// Not in a namespace with the labels of `namespaceSelector`.
    NamespaceSelector,
    /// The user has none of `roles`.
    Roles,
    /// The user has none of `clusterRoles`.
    ClusterRoles,
    /// The user is none of `subjects`.
    Subjects,
    /// None of several blocks of `any` matches.
    NoneOfAny,
    /// `exclude` matches.
    Excluded,
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::PolicyNamespace => "the policy is of another namespace",
            Self::Empty => "the match block is empty",
            Self::Kind => "the kind does not match",
            Self::Operation => "the operation does not match",
            Self::Name => "the name does not match",
            Self::Names => "none of the names matches",
            Self::Namespace => "the namespace does not match",
            Self::Annotations => "the annotations do not match",
            Self::Selector => "the selector does not match",
            Self::NamespaceSelector => "the namespace selector does not match",
            Self::Roles => "the user has none of the roles",
            Self::ClusterRoles => "the user has none of the cluster roles",
            Self::Subjects => "the user is none of the subjects",
            Self::NoneOfAny => "none of the match blocks matches",
            Self::Excluded => "the object is excluded",
        })
    }
}

/// Blocks, and how they are joined.
#[derive(Clone, Debug)]
enum Group {
    Any(Vec<Block>),
    All(Vec<Block>),
}

impl Matcher {
    /// Reads what a rule matches and excludes.
    pub(crate) fn compile(
        matching: &Filters,
        excluding: Option<&Filters>,
    ) -> Result<Self, MatcherError> {
        let matching = Group::compile(matching, "match")?;
        let excluding = match excluding {
            Some(excluding) => Group::compile(excluding, "exclude")?,
            None => Group::Any(Vec::new()),
        };
        let kinds = matching.kinds();
        Ok(Self { matching, excluding, kinds })
    }

    /// What the objects that match can be, for an index: nothing else can match.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = &KindSelector> {
        self.kinds.iter()
    }

    /// The namespaces of the objects that match, for an index; `None` where they can be any. A
    /// Namespace itself stands under its own name.
    pub(crate) fn exact_namespaces(&self) -> Option<Vec<&str>> {
        match &self.matching {
            Group::Any(blocks) => {
                let named: Option<Vec<_>> = blocks.iter().map(Block::exact_namespaces).collect();
                Some(named?.concat())
            }
            // What matches all matches each.
            Group::All(blocks) => blocks.iter().find_map(Block::exact_namespaces),
        }
    }

    /// Kinds and what is done to them, of which one has to hold: nothing else can match. No operation
    /// means all.
    pub(crate) fn targets(&self) -> Vec<(Vec<KindSelector>, BTreeSet<Operation>)> {
        let kinds_of = |block: &Block| match block.kinds() {
            [] => vec![KindSelector::anything()],
            kinds => kinds.to_vec(),
        };
        match &self.matching {
            Group::Any(blocks) => blocks
                .iter()
                .filter(|block| block.says_something())
                .map(|block| (kinds_of(block), block.operations().iter().copied().collect()))
                .collect(),
            Group::All(blocks) => {
                let mut operations: Option<BTreeSet<Operation>> = None;
                for named in blocks.iter().map(Block::operations).filter(|named| !named.is_empty())
                {
                    let named: BTreeSet<Operation> = named.iter().copied().collect();
                    operations = Some(match operations {
                        Some(known) => known.intersection(&named).copied().collect(),
                        None => named,
                    });
                }
                match operations {
                    // Operations that exclude each other.
                    Some(none) if none.is_empty() => Vec::new(),
                    operations => vec![(self.kinds.clone(), operations.unwrap_or_default())],
                }
            }
        }
    }

    /// Asks about an object; an error is a label that no selector can be compared with.
    pub(crate) fn matches(&self, subject: &Subject<'_>) -> Result<Match, SelectorError> {
        if !subject.policy_namespace.is_empty() && subject.policy_namespace != subject.namespace {
            return Ok(Match::No(Mismatch::PolicyNamespace));
        }
        let matching = self.matching.matches(subject)?;
        if let Answer::No(mismatch) = matching {
            return Ok(Match::No(mismatch));
        }
        Ok(match (matching, self.excluding.excludes(subject)?) {
            (_, Answer::Yes) => Match::No(Mismatch::Excluded),
            (Answer::Unknown, _) | (_, Answer::Unknown) => Match::NeedsNamespace,
            (Answer::Yes | Answer::No(_), Answer::No(_)) => Match::Yes,
        })
    }
}

impl Group {
    /// `any` counts before `all`, and both before filters that stand there directly.
    fn compile(filters: &Filters, role: &str) -> Result<Self, MatcherError> {
        let blocks = |filters: &[ResourceFilter], join: &str| {
            let block = |(index, filter): (usize, &ResourceFilter)| {
                let steps = [role, join].map(str::to_owned).into_iter();
                Block::compile(filter, &steps.chain([index.to_string()]).collect::<Vec<_>>())
            };
            filters.iter().enumerate().map(block).collect::<Result<Vec<_>, _>>()
        };
        if !filters.any.is_empty() {
            return Ok(Self::Any(blocks(&filters.any, "any")?));
        }
        if !filters.all.is_empty() {
            return Ok(Self::All(blocks(&filters.all, "all")?));
        }
        let direct = Block::compile(&filters.direct, &[role.to_owned()])?;
        Ok(Self::Any(vec![direct]))
    }

    fn matches(&self, subject: &Subject<'_>) -> Result<Answer, SelectorError> {
        match self {
            Self::Any(blocks) => any(blocks, |block| block.matches(subject)),
            Self::All(blocks) => all(blocks, |block| block.matches(subject)),
        }
    }

    fn excludes(&self, subject: &Subject<'_>) -> Result<Answer, SelectorError> {
        match self {
            Self::Any(blocks) => any(blocks, |block| block.excludes(subject)),
            Self::All(blocks) => all(blocks, |block| block.excludes(subject)),
        }
    }

    fn kinds(&self) -> Vec<KindSelector> {
        match self {
            Self::Any(blocks) if blocks.iter().all(|block| !block.kinds().is_empty()) => {
                blocks.iter().flat_map(Block::kinds).cloned().collect()
            }
            Self::Any(_) => vec![KindSelector::anything()],
            // What matches all matches each.
            Self::All(blocks) => match blocks.iter().find(|block| !block.kinds().is_empty()) {
                Some(block) => block.kinds().to_vec(),
                None => vec![KindSelector::anything()],
            },
        }
    }
}

fn any(
    blocks: &[Block],
    mut answer: impl FnMut(&Block) -> Result<Answer, SelectorError>,
) -> Result<Answer, SelectorError> {
    let mut result = Answer::No(Mismatch::NoneOfAny);
    for block in blocks {
        match answer(block)? {
            Answer::Yes => return Ok(Answer::Yes),
            Answer::Unknown => result = Answer::Unknown,
            Answer::No(mismatch) if blocks.len() == 1 => return Ok(Answer::No(mismatch)),
            Answer::No(_) => {}
        }
    }
    Ok(result)
}

fn all(
    blocks: &[Block],
    mut answer: impl FnMut(&Block) -> Result<Answer, SelectorError>,
) -> Result<Answer, SelectorError> {
    let mut result = Answer::Yes;
    for block in blocks {
        match answer(block)? {
            Answer::Yes => {}
            Answer::Unknown => result = Answer::Unknown,
            Answer::No(mismatch) => return Ok(Answer::No(mismatch)),
        }
    }
    Ok(result)
}

#[cfg(test)]
mod tests;
