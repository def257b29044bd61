//! The command line of conftest, flag by flag (`internal/commands/*.go`).
//!
//! Each value may also come from a file or the environment, so that no flag has a default here.

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
#[command(
    about = "Test configuration files as conftest does",
    long_about = "Test configuration files as conftest does: the arguments, outputs and exit codes \
                  of conftest 0.71, for those who have scripts for it",
    args_override_self = true
)]
pub(crate) struct ConftestArguments {
    /// path to configuration file
    #[arg(short, long, global = true, value_name = "string")]
    pub(crate) config_file: Option<String>,
    /// version for conftest
    #[arg(long)]
    pub(crate) version: bool,
    #[command(subcommand)]
    pub(crate) command: Option<ConftestCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConftestCommand {
    /// Test your configuration files using Open Policy Agent
    Test(Box<TestArguments>),
    /// Verify Rego unit tests
    Verify(VerifyArguments),
    /// Print out structured data from your input files
    Parse(ParseArguments),
    /// Download individual policies
    Pull(PullArguments),
    /// Push OPA bundles to an OCI registry (not supported)
    Push(PushArguments),
    /// Format Rego files (not supported)
    Fmt(FmtArguments),
    /// Generate documentation
    Doc(DocArguments),
    /// Reformat conftest JSON output to different formats
    Reformat(ReformatArguments),
    /// Manage conftest plugins (not supported)
    Plugin {
        /// What would be done
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
        words: Vec<String>,
    },
}

/// What is shown, and where policies and data are.
#[derive(Debug, Default, Args)]
pub(crate) struct Common {
    /// Disable color when printing
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_bool)]
    pub(crate) no_color: Option<bool>,
    /// Disable successful test output
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_bool)]
    pub(crate) quiet: Option<bool>,
    /// Enable more verbose trace output for Rego queries
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_bool)]
    pub(crate) trace: Option<bool>,
    /// Enable strict mode for Rego policies
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_bool)]
    pub(crate) strict: Option<bool>,
    /// Collect and return all encountered built-in errors
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_bool)]
    pub(crate) show_builtin_errors: Option<bool>,
    /// Do not include the violation message in the JUnit test name
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_bool)]
    pub(crate) junit_hide_message: Option<bool>,
    /// In the GitHub output, skip input files whose checks all passed
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_bool)]
    pub(crate) github_hide_passed: Option<bool>,
    /// Path to JSON file that can restrict opa functionality against a given policy [default: all operations allowed]
    #[arg(long, value_name = "string")]
    pub(crate) capabilities: Option<String>,
    /// Which version of Rego syntax to use: v0, v1 [default: v1]
    #[arg(long, value_name = "string")]
    pub(crate) rego_version: Option<String>,
    /// Output format: stdout, json, tap, table, junit, github, azuredevops, sarif [default: stdout]
    #[arg(short, long, value_name = "string")]
    pub(crate) output: Option<String>,
    /// Path to the Rego policy files directory [default: policy]
    #[arg(short, long, value_name = "strings", value_delimiter = ',')]
    pub(crate) policy: Vec<String>,
    /// A list of paths from which data for the rego policies will be recursively loaded
    #[arg(short, long, value_name = "strings", value_delimiter = ',')]
    pub(crate) data: Vec<String>,
    /// Namespaces; wildcards *, ? and [...] are known [default: main for test, all for verify]
    #[arg(short, long, value_name = "strings", value_delimiter = ',')]
    pub(crate) namespace: Vec<String>,
    /// A list of directories containing Protocol Buffer definitions (not supported)
    #[arg(long, value_name = "strings", value_delimiter = ',')]
    pub(crate) proto_file_dirs: Vec<String>,
}

#[derive(Debug, Args)]
#[command(args_override_self = true)]
pub(crate) struct TestArguments {
    /// Files and directories, or `-` for stdin
    #[arg(value_name = "path")]
    pub(crate) paths: Vec<String>,
    #[command(flatten)]
    pub(crate) common: Common,
    /// Return a non-zero exit code if warnings or errors are found
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_bool)]
    pub(crate) fail_on_warn: Option<bool>,
    /// Return an exit code of zero even if a policy fails
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_bool)]
    pub(crate) no_fail: Option<bool>,
    /// Do not include exceptions in output
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_bool)]
    pub(crate) suppress_exceptions: Option<bool>,
    /// Test policies found in all namespaces
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_bool)]
    pub(crate) all_namespaces: Option<bool>,
    /// Combine all config files to be evaluated together
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_bool)]
    pub(crate) combine: Option<bool>,
    /// Use TLS to access the registry [default: true]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_bool)]
    pub(crate) tls: Option<bool>,
    /// A regex pattern which can be used for ignoring paths
    #[arg(long, value_name = "string")]
    pub(crate) ignore: Option<String>,
    /// Parser to use to parse the configurations
    #[arg(long, value_name = "string")]
    pub(crate) parser: Option<String>,
    /// Filename to use in output when testing configuration from stdin
    #[arg(long, value_name = "string")]
    pub(crate) stdin_filename: Option<String>,
    /// A list of URLs from which policies are fetched before the tests run
    #[arg(short, long, value_name = "strings", value_delimiter = ',')]
    pub(crate) update: Vec<String>,
}

#[derive(Debug, Args)]
#[command(args_override_self = true)]
pub(crate) struct VerifyArguments {
    /// Ignored, as by conftest
    #[arg(value_name = "path", hide = true)]
    pub(crate) paths: Vec<String>,
    #[command(flatten)]
    pub(crate) common: Common,
    /// Show a report of the results with a summary: full, notes or fails
    #[arg(long, value_name = "string")]
    pub(crate) report: Option<String>,
    /// Show variables and values in failing test expressions
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_bool)]
    pub(crate) var_values: Option<bool>,
}

#[derive(Debug, Args)]
#[command(args_override_self = true)]
pub(crate) struct ParseArguments {
    /// Files, or `-` for stdin
    #[arg(value_name = "file")]
    pub(crate) files: Vec<String>,
    /// Combine all config files to be evaluated together
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_bool)]
    pub(crate) combine: Option<bool>,
    /// Parser to use to parse the configurations
    #[arg(long, value_name = "string")]
    pub(crate) parser: Option<String>,
}

#[derive(Debug, Args)]
#[command(args_override_self = true)]
pub(crate) struct PullArguments {
    /// Where policies are: files and directories of this machine
    #[arg(value_name = "repository")]
    pub(crate) urls: Vec<String>,
    /// Path to download the policies to [default: policy]
    #[arg(short, long, value_name = "string")]
    pub(crate) policy: Option<String>,
    /// Use TLS to access the registry [default: true]
    #[arg(short = 's', long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_bool)]
    pub(crate) tls: Option<bool>,
    /// Preserve absolute paths in policy flag
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_bool)]
    pub(crate) absolute_paths: Option<bool>,
}

#[derive(Debug, Args)]
#[command(args_override_self = true)]
pub(crate) struct PushArguments {
    /// The repository of a registry
    #[arg(value_name = "repository")]
    pub(crate) repositories: Vec<String>,
    /// Directory to push as a bundle [default: policy]
    #[arg(short, long, value_name = "string")]
    pub(crate) policy: Option<String>,
    /// Directory containing data to include in the bundle
    #[arg(short, long, value_name = "string")]
    pub(crate) data: Option<String>,
    /// Use TLS to access the registry [default: true]
    #[arg(short = 's', long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_bool)]
    pub(crate) tls: Option<bool>,
    /// Which version of Rego syntax to use: v0, v1 [default: v1]
    #[arg(long, value_name = "string")]
    pub(crate) rego_version: Option<String>,
}

#[derive(Debug, Args)]
#[command(args_override_self = true)]
pub(crate) struct FmtArguments {
    /// Rego files and directories
    #[arg(value_name = "path")]
    pub(crate) paths: Vec<String>,
    /// Returns a non-zero exit code if the policies are not formatted
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_bool)]
    pub(crate) check: Option<bool>,
    /// Which version of Rego syntax to use: v0, v1 [default: v1]
    #[arg(long, value_name = "string")]
    pub(crate) rego_version: Option<String>,
}

#[derive(Debug, Args)]
#[command(args_override_self = true)]
pub(crate) struct DocArguments {
    /// Directories of policies
    #[arg(value_name = "path")]
    pub(crate) paths: Vec<String>,
    /// Path to the output documentation file [default: .]
    #[arg(short, long = "outDir", value_name = "string")]
    pub(crate) out_dir: Option<String>,
    /// Go template for the document generation (not supported)
    #[arg(short, long, value_name = "string")]
    pub(crate) template: Option<String>,
}

#[derive(Debug, Args)]
#[command(args_override_self = true)]
pub(crate) struct ReformatArguments {
    /// A file of results, of which the first one is read [default: stdin]
    #[arg(value_name = "file")]
    pub(crate) files: Vec<String>,
    /// Output format: stdout, json, tap, table, junit, github, azuredevops, sarif [default: stdout]
    #[arg(short, long, value_name = "string")]
    pub(crate) output: Option<String>,
}

/// What `strconv.ParseBool` of Go takes.
pub(crate) fn parse_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err(format!("strconv.ParseBool: parsing \"{text}\": invalid syntax")),
    }
}

/// What is wrong with the arguments, in the words of conftest's own command line (`spf13/cobra`).
pub(crate) fn usage_error(error: &clap::Error) -> String {
    use clap::error::{ContextKind, ContextValue, ErrorKind};

    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.as_str(),
        _ => "",
    };
    let argument = context(ContextKind::InvalidArg);
    // Clap names an argument with its value, such as `--policy <strings>`.
    let flag = argument.split([' ', '=', '[']).next().unwrap_or_default();
    match error.kind() {
        ErrorKind::UnknownArgument => match argument.strip_prefix("--") {
            Some(_) => format!("unknown flag: {flag}"),
            None => {
                let letter = argument.trim_start_matches('-').chars().next().unwrap_or_default();
                format!("unknown shorthand flag: '{letter}' in {argument}")
            }
        },
        ErrorKind::InvalidSubcommand => format!(
            "unknown command \"{}\" for \"conftest\"\nRun 'conftest --help' for usage.",
            context(ContextKind::InvalidSubcommand)
        ),
        ErrorKind::InvalidValue if context(ContextKind::InvalidValue).is_empty() => {
            format!("flag needs an argument: {flag}")
        }
        ErrorKind::ValueValidation => {
            let value = context(ContextKind::InvalidValue);
            let cause = std::error::Error::source(error).map(ToString::to_string);
            let cause = cause.unwrap_or_default();
            format!("invalid argument \"{value}\" for \"{flag}\" flag: {cause}")
        }
        _ => error.to_string().trim_start_matches("error: ").trim_end().to_owned(),
    }
}
