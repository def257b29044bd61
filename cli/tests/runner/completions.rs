use crate::support::ajj;

#[test]
fn every_shell_learns_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = ajj(&format!("completions {shell}"));
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{shell}");
        for word in ["validate", "fail-on", "allow-not-evaluated"] {
            assert!(run.stdout.contains(word), "{shell} does not know {word}");
        }
    }
}
