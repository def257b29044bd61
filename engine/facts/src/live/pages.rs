//! Every object of a list, page by page, for whoever looks at each of them once.

use std::sync::Arc;

use ajj_engine::{FactError, Node, Tree};
use http::StatusCode;

use super::Live;
use super::cluster::Cluster;
use super::watched::{encode, own_tree};

/// How many objects the first page has; where an answer cannot be read, pages get smaller.
const FIRST_LIMIT: usize = 250;

/// A list that is read in pages, all of them of one moment.
#[derive(Debug)]
pub struct Pages {
    live: Live,
    path: String,
    limit: usize,
    /// Where the next page begins; `None` once there is none.
    next: Option<String>,
    version: String,
    /// Added to each query.
    selector: String,
}

/// One page: its objects, where the next begins, and the version of the list.
struct Page {
    objects: Vec<Arc<Tree>>,
    next: Option<String>,
    version: String,
}

/// Why a page of a list was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageError {
    /// The API server no longer knows the moment of the first page: the list is to be begun anew.
    Expired,
    /// Everything else.
    Failed(FactError),
}

impl std::fmt::Display for PageError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Expired => formatter.write_str("the list could not be read in time"),
            Self::Failed(error) => write!(formatter, "{error}"),
        }
    }
}

impl std::error::Error for PageError {}

impl From<FactError> for PageError {
    fn from(error: FactError) -> Self {
        Self::Failed(error)
    }
}

impl Live {
    /// Begins to list a path of the API server.
    pub fn pages(&self, path: impl Into<String>) -> Pages {
        Pages {
            live: self.clone(),
            path: path.into(),
            limit: FIRST_LIMIT,
            next: Some(String::new()),
            version: String::new(),
            selector: String::new(),
        }
    }
}

/// How often a list is begun anew that changed too much while it was read.
const TRIES: usize = 3;

impl Live {
    /// Every object of a list that is known to be short.
    pub async fn list(&self, path: &str) -> Result<Vec<Arc<Tree>>, PageError> {
        for _ in 1..TRIES {
            match self.list_once(path).await {
                Err(PageError::Expired) => (),
                listed => return listed,
            }
        }
        self.list_once(path).await
    }

    async fn list_once(&self, path: &str) -> Result<Vec<Arc<Tree>>, PageError> {
        let mut pages = self.pages(path);
        let mut objects = Vec::new();
        while let Some(page) = pages.next().await {
            objects.extend(page?);
        }
        Ok(objects)
    }
}

impl Pages {
    /// Keeps to objects with a label.
    #[must_use]
    pub fn with_label(self, name: &str, value: &str) -> Self {
        let selector = encode(&format!("{name}={value}"));
        Self { selector: format!("&labelSelector={selector}"), ..self }
    }

    /// The objects of the next page; `None` behind the last one, and after an error.
    pub async fn next(&mut self) -> Option<Result<Vec<Arc<Tree>>, PageError>> {
        let from = self.next.take()?;
        loop {
            let (limit, selector) = (self.limit, &self.selector);
            let query = match from.as_str() {
                "" => format!("limit={limit}{selector}"),
                from => format!("limit={limit}{selector}&continue={}", encode(from)),
            };
            match self.ask(query).await {
                Ok(page) => {
                    (self.next, self.version) = (page.next, page.version);
                    return Some(Ok(page.objects));
                }
                // Objects may be so large that a page of them is more than is read at once.
                Err(PageError::Failed(FactError::Failed(_) | FactError::Timeout))
                    if self.limit > 1 =>
                {
                    self.limit = (self.limit / 4).max(1);
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// The version of the list, from which a watch goes on; empty before the first page.
    pub(super) fn version(&self) -> &str {
        &self.version
    }

    async fn ask(&self, query: String) -> Result<Page, PageError> {
        let sources = &self.live.sources;
        let (cluster, path) = (Arc::clone(&sources.cluster), self.path.clone());
        let within = sources.options.call_timeout;
        // Connections live where they were opened.
        let asked = sources.runtime.spawn(async move {
            let asked = tokio::time::timeout(within, ask(&cluster, &path, &query));
            asked.await.unwrap_or(Err(PageError::Failed(FactError::Timeout)))
        });
        let given_up =
            |_| Err(PageError::Failed(FactError::Failed("the call was given up".to_owned())));
        asked.await.unwrap_or_else(given_up)
    }
}

async fn ask(cluster: &Cluster, path: &str, query: &str) -> Result<Page, PageError> {
    let page = match cluster.list_page(path, query).await {
        Ok(page) => page,
        Err((Some(StatusCode::GONE), _)) => return Err(PageError::Expired),
        Err((_, error)) => return Err(PageError::Failed(error)),
    };
    let page = page.root();
    let no_list = || FactError::Failed("the answer is no list".to_owned());
    let items = page.get("items").ok_or_else(no_list)?;
    let mut objects = Vec::new();
    for item in items.as_list().into_iter().flat_map(|items| items.iter()) {
        objects.push(own_tree(item, Some(page))?);
    }
    let text = |key: &str| page.at(&["metadata", key]).and_then(Node::as_str).unwrap_or_default();
    let next = Some(text("continue")).filter(|next| !next.is_empty());
    let version = text("resourceVersion").to_owned();
    Ok(Page { objects, next: next.map(str::to_owned), version })
}
