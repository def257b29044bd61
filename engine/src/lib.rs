//! A pure policy engine: policies in, decisions out.

mod certificate;
mod compile;
pub mod conftest;
mod decision;
mod decode;
mod diagnostic;
pub mod external_url;
mod facts;
mod gatekeeper;
mod image;
mod inventory;
pub mod jmespath;
mod kyverno;
pub mod manifest;
mod matcher;
pub mod pod_security;
mod pointer;
mod policy_set;
mod read;
pub mod rego;
pub mod report;
mod request;
mod rule;
pub mod scalar;
mod signature;
mod source;
pub mod suite;
mod tree;
mod user_info;
mod user_texts;
mod value;
mod values;

pub use compile::{compile, compile_policies, is_policy};
pub use decision::{
    Action, Decision, Details, Dialect, FailurePolicy, Outcome, RuleInfo, RuleResult, Violation,
};
pub use diagnostic::{Diagnostic, Severity, nearest};
pub use facts::{ContextValue, FactError, FactKey, Facts, Method};
pub use inventory::inventory;
pub use jmespath::Arena;
pub use pointer::{escape_step, pointer, pointer_steps};
pub use policy_set::{
    Evaluation, KindPattern, PolicySet, Registration, Selected, Selection, Target,
};
pub use read::{
    Document, Format, Limits, Places, ReadError, Reading, parse_json, parse_json_lazily,
    parse_yaml, read,
};
pub use request::{Asked, GroupVersionKind, GroupVersionResource, Operation, Request, UserInfo};
pub use rule::OtherRules;
pub use source::{LineColumn, Source, Span};
pub use tree::{Entries, Items, Kind, Node, Tree};
pub use user_texts::{Extra, Texts};
pub use value::{List, Map, Text, Value};
pub use values::{Case, Values};
