use super::parse;

/// Each command as `name flags values`, and what is odd about it.
fn check(text: &str, expected: &[&str]) {
    let value = parse(text).unwrap();
    let commands = value[0].as_array().unwrap().iter().map(|command| {
        let mut shown = command["Cmd"].as_str().unwrap().to_string();
        for (key, left_out) in
            [("SubCmd", "\"\""), ("JSON", "false"), ("Flags", "[]"), ("Stage", "0")]
        {
            let value = command[key].to_string();
            if value != left_out && !(key == "Flags" && value == "null") {
                shown.push_str(&format!(" {key}={value}"));
            }
        }
        format!("{shown} {}", command["Value"])
    });
    assert_eq!(commands.collect::<Vec<_>>(), expected, "{text:?}");
}

#[test]
fn commands() {
    check(
        "# syntax=docker/dockerfile:1\n# why\nARG V=1 W\nFROM --platform=linux/amd64 a:$V AS b\nFROM c\nRUN [\"x\", \"y\"]\n",
        &[
            r#"comment ["why"]"#,
            r#"arg ["V=1","W"]"#,
            r#"from Flags=["--platform=linux/amd64"] ["a:$V","AS","b"]"#,
            r#"from Stage=1 ["c"]"#,
            r#"run JSON=true Stage=1 ["x","y"]"#,
        ],
    );
    check(
        "FROM a\nENV b=\"c d\" e=f\nENV g h i\nLABEL j = k\nEXPOSE 80  443/tcp\nONBUILD RUN l m\nHEALTHCHECK --interval=5m CMD n || o\n",
        &[
            r#"from ["a"]"#,
            r#"env ["b","\"c d\"","=","e","f","="]"#,
            r#"env ["g","h i",""]"#,
            r#"label ["j","= k",""]"#,
            r#"expose ["80","443/tcp"]"#,
            r#"onbuild SubCmd="RUN" ["l m"]"#,
            r#"healthcheck Flags=["--interval=5m"] ["CMD","n || o"]"#,
        ],
    );
}

#[test]
fn lines_go_on() {
    check(
        "FROM a\nRUN b \\\n  # no\n\n  c\nCMD d\n",
        &[r#"from ["a"]"#, r#"run ["b   c"]"#, r#"cmd ["d"]"#],
    );
    check("# escape=`\nFROM a\nRUN b `\n c\\\n", &[r#"from ["a"]"#, r#"run ["b  c\\"]"#]);
    check(
        "FROM a\nRUN <<E\nx\nE\nCOPY <<-\"F\" /f\n\ty\n\tF\nUSER z\n",
        &[r#"from ["a"]"#, r#"run ["<<E"]"#, r#"copy ["<<-\"F\"","/f"]"#, r#"user ["z"]"#],
    );
}

#[test]
fn what_is_none() {
    for (text, expected) in [
        ("", "line 1, column 1: file with no instructions"),
        ("# a\n", "line 1, column 1: file with no instructions"),
        ("FROM a\nFRM b\n", "line 2, column 1: unknown instruction: FRM"),
        ("FROM a b\n", "line 1, column 1: FROM requires either one or three arguments"),
        ("FROM a\nRUN <<E\nx\n", "line 2, column 1: unterminated heredoc"),
        ("FROM a\nCOPY --form=b c d\n", "line 2, column 1: unknown flag: --form"),
        ("FROM a\nUSER\n", "line 2, column 1: USER requires exactly one argument"),
        ("FROM a\nONBUILD FROM b\n", "line 2, column 1: FROM isn't allowed as an ONBUILD trigger"),
        ("FROM a\nSHELL b\n", "line 2, column 1: SHELL requires the arguments to be in JSON form"),
        ("FROM a\nENV b\n", "line 2, column 1: ENV must have two arguments"),
        ("# escape=x\nFROM a\n", "line 1, column 1: invalid escape token `x`; expected ` or \\"),
    ] {
        assert_eq!(parse(text).unwrap_err().to_string(), expected, "{text:?}");
    }
}
