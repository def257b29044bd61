//! The way from the root to where a pattern is being asked, on the stack.

/// One step of the way, and the way up to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trail<'a> {
    before: Option<&'a Self>,
    step: Step<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl<'a> Trail<'a> {
    pub(super) const ROOT: Self = Self { before: None, step: Step::Root };

    pub(super) fn key(&'a self, key: &'a str) -> Self {
        Self { before: Some(self), step: Step::Key(key) }
    }

    pub(super) fn index(&'a self, index: usize) -> Self {
        Self { before: Some(self), step: Step::Index(index) }
    }

    /// The last step.
    pub(super) fn last(&self) -> String {
        match self.step {
            Step::Root => String::new(),
            Step::Key(key) => key.to_owned(),
            Step::Index(index) => index.to_string(),
        }
    }

    /// The steps of a JSON pointer.
    pub(super) fn steps(&self) -> Vec<String> {
        let mut steps = Vec::new();
        let mut trail = Some(self);
        while let Some(here) = trail {
            if here.before.is_some() {
                steps.push(here.last());
            }
            trail = here.before;
        }
        steps.reverse();
        steps
    }

    /// The path as upstream writes it: `/spec/containers/0/`.
    pub(super) fn path(&self) -> String {
        let mut path = String::from("/");
        for step in self.steps() {
            path.push_str(&step);
            path.push('/');
        }
        path
    }
}
