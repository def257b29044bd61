//! Which findings give which exit code.

use ajj_engine::Action;
use ajj_engine::report::ExitRules;
use clap::Args;

use super::action;

/// What of a report counts for the exit code.
#[derive(Debug, Args)]
pub(crate) struct ExitArguments {
    /// Whose findings give exit code 1: any of deny, warn and audit
    #[arg(
        long,
        value_name = "ACTION,...",
        value_delimiter = ',',
        default_value = "deny,audit",
        value_parser = action
    )]
    fail_on: Vec<Action>,
    /// Exit with 0 where nothing was evaluated
    #[arg(long)]
    allow_empty: bool,
    /// Exit as if rules that this build cannot evaluate were not there
    #[arg(long)]
    allow_not_evaluated: bool,
    /// Exit with 0 where there are findings
    #[arg(long)]
    exit_zero: bool,
}

impl ExitArguments {
    /// The same for who derives the exit code.
    pub(crate) fn rules(&self) -> ExitRules {
        ExitRules {
            fail_on: self.fail_on.iter().copied().collect(),
            allow_empty: self.allow_empty,
            allow_not_evaluated: self.allow_not_evaluated,
            exit_zero: self.exit_zero,
        }
    }
}
