//! JSON pointers (RFC 6901).

use std::borrow::Cow;

/// The pointer that leads along these steps.
pub fn pointer<S: AsRef<str>>(steps: &[S]) -> String {
    let mut pointer = String::new();
    for step in steps {
        pointer.push('/');
        pointer.push_str(&escape_step(step.as_ref()));
    }
    pointer
}

/// The steps of a pointer; none where it is not empty and does not begin with `/`.
pub fn pointer_steps(pointer: &str) -> Option<Vec<String>> {
    if pointer.is_empty() {
        return Some(Vec::new());
    }
    let steps = pointer.strip_prefix('/')?.split('/');
    Some(steps.map(|step| step.replace("~1", "/").replace("~0", "~")).collect())
}

/// One step as it stands in a pointer.
pub fn escape_step(step: &str) -> Cow<'_, str> {
    if step.contains(['~', '/']) {
        Cow::Owned(step.replace('~', "~0").replace('/', "~1"))
    } else {
        Cow::Borrowed(step)
    }
}

#[cfg(test)]
mod tests {
    use super::{pointer, pointer_steps};

    #[test]
    fn steps_come_back() {
        let steps = ["metadata", "labels", "a/b~1", "", "0"];
        assert_eq!(pointer(&steps), "/metadata/labels/a~1b~01//0");
        assert_eq!(pointer_steps(&pointer(&steps)).unwrap(), steps);
        assert_eq!(pointer_steps("").unwrap(), Vec::<String>::new());
        assert_eq!(pointer_steps("a"), None);
    }
}
