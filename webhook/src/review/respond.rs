//! The answer to a review, as bytes.

use std::collections::BTreeMap;

use serde::Serialize;

use super::API_VERSION;
use crate::answer::Answer;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Review<'a, D: Serialize> {
    api_version: &'static str,
    kind: &'static str,
    response: Response<'a>,
    /// Beside the response, for people who replay: an API server gets none.
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<D>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
    uid: &'a str,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    warnings: &'a [String],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    audit_annotations: &'a BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct Status<'a> {
    status: &'static str,
    message: &'a str,
    reason: &'static str,
    code: u16,
    details: Details<'a>,
}

#[derive(Serialize)]
struct Details<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    group: &'a str,
    /// The API calls the plural resource so.
    #[serde(skip_serializing_if = "str::is_empty")]
    kind: &'a str,
    causes: Vec<Cause<'a>>,
}

#[derive(Serialize)]
struct Cause<'a> {
    reason: &'static str,
    message: &'a str,
    field: &'a str,
}

/// Writes the review that answers; with `decision` beside the response where one is given.
pub fn respond(uid: &str, answer: &Answer, decision: Option<impl Serialize>) -> Vec<u8> {
    let status = answer.denial.as_ref().map(|denial| Status {
        status: "Failure",
        message: &denial.message,
        reason: "Forbidden",
        code: 403,
        details: Details {
            name: &denial.name,
            group: &denial.group,
            kind: &denial.resource,
            causes: denial
                .causes
                .iter()
                .map(|cause| Cause {
                    reason: cause.reason,
                    message: &cause.message,
                    field: &cause.field,
                })
                .collect(),
        },
    });
    let review = Review {
        api_version: API_VERSION,
        kind: "AdmissionReview",
        response: Response {
            uid,
            allowed: answer.denial.is_none(),
            status,
            warnings: &answer.warnings,
            audit_annotations: &answer.annotations,
        },
        decision,
    };
    let mut bytes = Vec::with_capacity(if answer.denial.is_some() { 2048 } else { 192 });
    // Invariant: plain structs of strings and numbers can always be written. Were it not so, the
    // answer would be empty, which an API server takes as a failure to call.
    if serde_json::to_writer(&mut bytes, &review).is_err() {
        bytes.clear();
    }
    bytes
}
