//! The files that a suite names.

/// A file that a suite names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuiteFile {
    /// The path as it is written, relative to the suite's directory.
    pub path: String,
    /// What it is for.
    pub role: FileRole,
    /// Where it is named.
    pub(super) node: u32,
}

/// What a suite names a file for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileRole {
    /// Policies under test.
    Policy,
    /// Objects to judge.
    Resource,
    /// Objects that policies change.
    Target,
    /// Objects that policies take as parameters.
    Parameter,
    /// Values of variables.
    Values,
    /// Who asks.
    UserInfo,
    /// Exceptions from the policies.
    Exception,
    /// What the cluster holds besides the objects to judge.
    ClusterResource,
    /// Objects of a mocked global context entry.
    GlobalContext,
    /// Read by kinds of policies that this build does not evaluate; it only has to be there.
    Other,
}
