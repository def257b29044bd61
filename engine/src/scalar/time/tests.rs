use super::{RFC3339, Time};

#[track_caller]
fn check(layout: &str, text: &str, expected: &str) {
    let read = Time::parse(layout, text).map_or_else(|error| error, Time::to_rfc3339);
    assert_eq!(read, expected, "{text} as {layout}");
}

#[test]
fn reads_rfc3339() {
    check(RFC3339, "2024-01-15T10:00:00Z", "2024-01-15T10:00:00Z");
    check(RFC3339, "2024-02-29T23:59:59.123456789+05:30", "2024-02-29T23:59:59+05:30");
    check(RFC3339, "2024-01-15T5:00:00-08:00", "2024-01-15T05:00:00-08:00");
    check(
        RFC3339,
        "2023-02-29T00:00:00Z",
        "parsing time \"2023-02-29T00:00:00Z\": day out of range",
    );
    check(
        RFC3339,
        "2023-13-01T00:00:00Z",
        "parsing time \"2023-13-01T00:00:00Z\": month out of range",
    );
    check(
        RFC3339,
        "x",
        "parsing time \"x\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"x\" as \"2006\"",
    );
    check(
        RFC3339,
        "2024-01-15T10:00:00Zx",
        "parsing time \"2024-01-15T10:00:00Zx\": extra text: \"x\"",
    );
}

#[test]
fn reads_every_element() {
    check("Mon Jan _2 15:04:05 2006", "Sat Mar  7 11:06:39 2015", "2015-03-07T11:06:39Z");
    check(
        "Monday, 02-Jan-06 15:04:05 MST",
        "Wednesday, 25-Feb-15 11:06:39 CET",
        "2015-02-25T11:06:39Z",
    );
    check("January 2, 2006 3:04PM", "april 9, 1999 12:30AM", "1999-04-09T00:30:00Z");
    check("3:04pm", "5:06pm", "0000-01-01T17:06:00Z");
    check("2006-002", "2024-060", "2024-02-29T00:00:00Z");
    check("2006 __2", "2023  60", "2023-03-01T00:00:00Z");
    check("02 Jan 06 15:04 -0700", "02 Jan 69 15:04 -0130", "1969-01-02T15:04:00-01:30");
    check(
        "15:04:05.000",
        "01:02:03.45",
        "parsing time \"01:02:03.45\" as \"15:04:05.000\": cannot parse \".45\" as \".000\"",
    );
    check("15:04:05.999 Z07", "01:02:03 +02", "0000-01-01T01:02:03+02:00");
}

#[test]
fn arithmetic() {
    let time = Time::parse(RFC3339, "2024-01-15T10:07:33+02:00").expect("valid");
    let hour = 3_600_000_000_000;
    assert_eq!(time.utc().to_rfc3339(), "2024-01-15T08:07:33Z");
    assert_eq!(time.later(-24 * hour).to_rfc3339(), "2024-01-14T10:07:33+02:00");
    assert_eq!(time.truncate(hour).to_rfc3339(), "2024-01-15T10:00:00+02:00");
    assert_eq!(time.truncate(-1), time);
    assert_eq!(time.civil().weekday, 1);
    let zero = Time::parse(RFC3339, "0001-01-01T00:00:00Z").expect("valid");
    assert_eq!(time.since(zero), i64::MAX);
    assert_eq!(zero.since(time), i64::MIN);
    assert_eq!(zero.later(i64::MIN).later(i64::MIN).to_rfc3339(), "-0584-06-13T00:25:26Z");
}
