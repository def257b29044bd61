//! The parts of a pod that the standards look at, read in place.

use super::finding::Place;
use super::shape::{self, CRON_JOB, DEPLOYMENT, POD};
use crate::tree::{Entries, Items, Kind, Node};

/// A pod, or the one that a workload would make.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pod<'t> {
    /// `metadata.annotations`.
    pub(crate) annotations: Fields<'t>,
    /// `spec`.
    pub(crate) spec: Fields<'t>,
    /// `spec.securityContext`.
    pub(crate) security: Option<Fields<'t>>,
    /// Whether `spec.os.name` says `windows`.
    pub(crate) windows: bool,
    /// Whether `spec.hostUsers` is `false`: the pod has a user namespace of its own.
    pub(crate) user_namespace: bool,
    /// Init containers, containers, ephemeral containers: in the order the checks visit them.
    pub(crate) containers: Vec<Container<'t>>,
}

/// One container of any of the three lists.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Container<'t> {
    list: &'static str,
    index: usize,
    pub(crate) name: &'t str,
    pub(crate) image: &'t str,
    pub(super) fields: Fields<'t>,
    /// `securityContext`.
    pub(super) security: Option<Fields<'t>>,
}

/// The fields of a map whose shape was checked; `null` counts as absent, as in Go.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fields<'t>(Option<Entries<'t>>);

/// The most items that a list may have: far more than any pod needs, and few enough that what
/// is found in them can be told.
const MOST_ITEMS: usize = 2_000;

/// The lists of containers, in the order of `visitContainers` (policy/visitor.go).
const LISTS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

impl<'t> Pod<'t> {
    /// Reads an object of kind Pod; an error in Go's words where it could not be decoded.
    pub(crate) fn read(object: Node<'t>) -> Result<Self, String> {
        shape::check(object, &POD)?;
        let fields = Fields::of(object);
        Self::from_parts(fields.fields("metadata"), fields.fields("spec"))
    }

    /// Reads `spec.template` of a workload, which is decoded as a Deployment whatever it is.
    pub(crate) fn read_template(object: Node<'t>) -> Result<Self, String> {
        shape::check(object, &DEPLOYMENT)?;
        let template = Fields::of(object).at(&["spec", "template"]);
        Self::from_parts(template.fields("metadata"), template.fields("spec"))
    }

    /// Reads the pod of a CronJob, with the metadata of its job template, not of its pod
    /// template, as upstream does (pkg/engine/handlers/validation/validate_pss.go, getSpec).
    pub(crate) fn read_cron_job(object: Node<'t>) -> Result<Self, String> {
        shape::check(object, &CRON_JOB)?;
        let job = Fields::of(object).at(&["spec", "jobTemplate"]);
        Self::from_parts(job.fields("metadata"), job.at(&["spec", "template"]).fields("spec"))
    }

    fn from_parts(metadata: Option<Fields<'t>>, spec: Option<Fields<'t>>) -> Result<Self, String> {
        let spec = spec.unwrap_or_default();
        let security = spec.fields("securityContext");
        spec.bounded("volumes", "spec")?;
        security.map_or(Ok(()), |security| security.bounded("sysctls", "spec.securityContext"))?;
        let mut containers = Vec::new();
        for list in LISTS {
            spec.bounded(list, "spec")?;
            for (index, item) in spec.items(list).enumerate() {
                let container = Container::read(list, index, item);
                container.fields.bounded("ports", list)?;
                containers.push(container);
            }
        }
        Ok(Self {
            annotations: metadata
                .and_then(|metadata| metadata.fields("annotations"))
                .unwrap_or_default(),
            spec,
            security,
            windows: spec.at(&["os"]).text("name") == Some("windows"),
            user_namespace: spec.flag("hostUsers") == Some(false),
            containers,
        })
    }

    /// The same pod with one container of which nothing is known.
    pub(crate) fn with_placeholder_container(&self) -> Self {
        let placeholder = Container {
            list: "containers",
            index: 0,
            name: "fake",
            image: "",
            fields: Fields::default(),
            security: None,
        };
        Self { containers: vec![placeholder], ..self.clone() }
    }

    /// A pod of which nothing is known but those containers that `keep` names.
    pub(crate) fn only_containers(&self, keep: impl Fn(&Container<'t>) -> bool) -> Self {
        Self {
            containers: self.containers.iter().filter(|item| keep(item)).copied().collect(),
            ..Self::default()
        }
    }
}

impl<'t> Container<'t> {
    fn read(list: &'static str, index: usize, item: Node<'t>) -> Self {
        let fields = Fields::of(item);
        Self {
            list,
            index,
            name: fields.text("name").unwrap_or_default(),
            image: fields.text("image").unwrap_or_default(),
            fields,
            security: fields.fields("securityContext"),
        }
    }

    /// Where it stands.
    pub(super) fn place(&self) -> Place<'t> {
        Place::spec().key(self.list).index(self.index).of_container(self.name)
    }
}

impl<'t> Fields<'t> {
    fn of(node: Node<'t>) -> Self {
        Self(node.as_map())
    }

    /// What stands under `name`, unless it is `null`.
    pub(super) fn get(self, name: &str) -> Option<Node<'t>> {
        shape::decoded_entry(self.0?, name).map(|(_, node)| node).filter(|node| !node.is_null())
    }

    pub(super) fn fields(self, name: &str) -> Option<Self> {
        self.get(name).map(Self::of)
    }

    /// Follows keys downwards; nothing has no fields.
    pub(super) fn at(self, names: &[&str]) -> Self {
        names.iter().fold(self, |fields, name| fields.fields(name).unwrap_or_default())
    }

    pub(super) fn text(self, name: &str) -> Option<&'t str> {
        self.get(name).and_then(Node::as_str)
    }

    pub(super) fn flag(self, name: &str) -> Option<bool> {
        self.get(name).and_then(Node::as_bool)
    }

    pub(super) fn number(self, name: &str) -> Option<i64> {
        match self.get(name)?.kind() {
            Kind::Int(number) => Some(number),
            // Invariant: the shape allows only whole numbers that fit.
            Kind::Float(number) => Some(number as i64),
            _ => None,
        }
    }

    pub(super) fn items(self, name: &str) -> impl Iterator<Item = Node<'t>> + use<'t> {
        let items: Option<Items<'t>> = self.get(name).and_then(Node::as_list);
        items.into_iter().flat_map(|items| items.iter())
    }

    /// An error where a list is longer than any pod needs.
    fn bounded(self, name: &str, owner: &str) -> Result<(), String> {
        let count = self.get(name).and_then(Node::as_list).map_or(0, |items| items.len());
        if count <= MOST_ITEMS {
            return Ok(());
        }
        Err(format!("expected at most {MOST_ITEMS} items in `{owner}.{name}`, found {count}"))
    }

    /// The fields of each map of a list; an item that is `null` has none.
    pub(super) fn each(self, name: &str) -> impl Iterator<Item = Self> + use<'t> {
        self.items(name).map(Self::of)
    }

    /// The texts of a list; an item that is `null` is empty.
    pub(super) fn texts(self, name: &str) -> impl Iterator<Item = &'t str> + use<'t> {
        self.items(name).map(|item| item.as_str().unwrap_or_default())
    }

    /// Keys and texts, in the order they are written.
    pub(super) fn entries(self) -> impl Iterator<Item = (&'t str, &'t str)> + use<'t> {
        let entries = self.0.into_iter().flat_map(|entries| entries.iter());
        entries.map(|(key, value)| (key, value.as_str().unwrap_or_default()))
    }

    /// The text under exactly this key.
    pub(super) fn entry(self, key: &str) -> Option<&'t str> {
        self.0?.get(key).map(|value| value.as_str().unwrap_or_default())
    }
}
