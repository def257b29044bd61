//! Compiles context entries.

use std::sync::Arc;

use crate::decode::{Fields, Problems, expected};
use crate::diagnostic::Diagnostic;
use crate::facts::Method;
use crate::kyverno::context::{ContextEntry, EntryKind, Field, Select, Written, stays_in};
use crate::kyverno::variables::Template;
use crate::scalar::number;
use crate::tree::{Kind, Node, Tree};
use crate::value::Value;

/// The entries of a `context` list; what is wrong with one is noted and leaves it out.
pub(super) fn entries(
    tree: &Arc<Tree>,
    nodes: &[Node<'_>],
    namespace: Option<&str>,
    problems: &Problems<'_>,
) -> Vec<ContextEntry> {
    nodes.iter().filter_map(|node| entry(tree, *node, namespace, problems)).collect()
}

fn entry(
    tree: &Arc<Tree>,
    node: Node<'_>,
    namespace: Option<&str>,
    problems: &Problems<'_>,
) -> Option<ContextEntry> {
    let mut fields = Fields::of(node, "a context entry", problems)?;
    fields.require("name");
    let name = fields.text("name").unwrap_or_default();
    let mut kinds = Vec::new();
    for kind in ["variable", "configMap", "apiCall", "imageRegistry", "globalReference"] {
        if let Some(node) = fields.get(kind) {
            kinds.push((kind, node));
        }
    }
    fields.finish();
    let [(kind, body)] = kinds.as_slice() else {
        let message = "a context entry needs one of variable, configMap, apiCall, imageRegistry, \
                       globalReference";
        problems.at(node, Diagnostic::error("context-entry", message));
        return None;
    };
    let mut body = Fields::of(*body, kind, problems)?;
    let compiler = Compiler { tree, namespace, problems };
    let kind = match *kind {
        "variable" => EntryKind::Variable {
            value: compiler.written(&mut body, "value"),
            path: compiler.written(&mut body, "jmesPath"),
            default: compiler.written(&mut body, "default"),
        },
        "configMap" => compiler.config_map(&mut body)?,
        "apiCall" => compiler.api_call(&mut body)?,
        "imageRegistry" => {
            body.ignore(&["imageRegistryCredentials"]);
            EntryKind::ImageRegistry {
                reference: compiler.required(&mut body, "reference")?,
                path: compiler.optional(&mut body, "jmesPath"),
            }
        }
        _ => EntryKind::GlobalReference {
            name: compiler.required(&mut body, "name")?,
            path: compiler.optional(&mut body, "jmesPath"),
        },
    };
    body.finish();
    Some(ContextEntry { name: name.into(), kind })
}

/// A value as Go prints it where it expects a string; the depth is bounded by the parser.
fn print(node: Node<'_>, text: &mut String) {
    match node.kind() {
        Kind::String(value) => text.push_str(value),
        Kind::Null => text.push_str("<nil>"),
        Kind::Bool(value) => text.push_str(&format!("%!s(bool={value})")),
        Kind::Int(_) | Kind::Float(_) | Kind::BigInt(_) => {
            let number = number::format_value(&Value::from(node));
            text.push_str(&format!("%!s(float64={number})"));
        }
        Kind::List(items) => {
            text.push('[');
            for (position, item) in items.iter().enumerate() {
                text.push_str(if position == 0 { "" } else { " " });
                print(item, text);
            }
            text.push(']');
        }
        Kind::Map(entries) => {
            let mut sorted: Vec<_> = entries.iter().collect();
            sorted.sort_by_key(|(key, _)| *key);
            text.push_str("map[");
            for (position, (key, value)) in sorted.into_iter().enumerate() {
                text.push_str(if position == 0 { "" } else { " " });
                text.push_str(key);
                text.push(':');
                print(value, text);
            }
            text.push(']');
        }
    }
}

struct Compiler<'c, 'd> {
    tree: &'c Arc<Tree>,
    namespace: Option<&'c str>,
    problems: &'c Problems<'d>,
}

impl Compiler<'_, '_> {
    /// What the schema wants to be a string.
    fn string(&self, name: &str, node: Node<'_>) -> Template {
        if node.as_str().is_none() {
            self.problems.at(node, expected(name, "a string", node));
        }
        Template::compile(self.tree, node)
    }

    fn optional(&self, fields: &mut Fields<'_, '_, '_>, name: &'static str) -> Option<Template> {
        fields.get(name).map(|node| self.string(name, node))
    }

    fn written(&self, fields: &mut Fields<'_, '_, '_>, name: &'static str) -> Option<Written> {
        let node = fields.get(name)?;
        let template = Template::compile(self.tree, node);
        let mut text = String::new();
        if template.as_constant().is_none() {
            print(node, &mut text);
        }
        Some(Written { template, text: text.into() })
    }

    fn required(&self, fields: &mut Fields<'_, '_, '_>, name: &'static str) -> Option<Template> {
        fields.require(name).map(|node| self.string(name, node))
    }

    fn config_map(&self, body: &mut Fields<'_, '_, '_>) -> Option<EntryKind> {
        let name = self.required(body, "name")?;
        let node = body.get("namespace");
        let written = node.and_then(|node| node.as_str()).filter(|text| !text.contains("{{"));
        if let (Some(own), Some(asked), Some(node)) = (self.namespace, written, node)
            && !asked.is_empty()
            && own != asked
        {
            self.refuse(node, own, &format!("namespace `{asked}`"));
        }
        Some(EntryKind::ConfigMap {
            name,
            namespace: node.map(|node| self.string("namespace", node)),
        })
    }

    fn api_call(&self, body: &mut Fields<'_, '_, '_>) -> Option<EntryKind> {
        let methods = [("GET", Method::Get), ("POST", Method::Post)];
        let method = body.word("method", &methods).unwrap_or(Method::Get);
        let data = self.fields(body, "data");
        let path = body.get("urlPath");
        let service = body.fields("service");
        let select = Select {
            path: self.optional(body, "jmesPath"),
            default: body.get("default").map(|node| Template::compile(self.tree, node)),
        };
        match (path, service) {
            (Some(node), None) => {
                let text = node.as_str().unwrap_or_default();
                if let Some(own) = self.namespace
                    && !text.contains("{{")
                    && !stays_in(text, own)
                {
                    self.refuse(node, own, &format!("`{text}`"));
                }
                let path = self.string("urlPath", node);
                Some(EntryKind::ApiCall { path, method, data, select })
            }
            (None, Some(mut service)) => {
                let url = self.required(&mut service, "url")?;
                let headers = self.fields(&mut service, "headers");
                let ca_bundle = service.text("caBundle").unwrap_or_default().into();
                service.finish();
                Some(EntryKind::Service { url, method, headers, data, ca_bundle, select })
            }
            _ => {
                let message = "an apiCall needs either `urlPath` or `service`";
                self.problems.at(body.node(), Diagnostic::error("context-entry", message));
                None
            }
        }
    }

    fn fields(&self, body: &mut Fields<'_, '_, '_>, name: &'static str) -> Vec<Field> {
        let items = body.list(name).unwrap_or_default();
        let fields = items.into_iter().filter_map(|item| {
            let mut item = Fields::of(item, name, self.problems)?;
            item.require("key");
            let key = item.text("key").unwrap_or_default().into();
            let value = self.required(&mut item, "value")?;
            item.finish();
            Some(Field { key, value })
        });
        fields.collect()
    }

    fn refuse(&self, node: Node<'_>, own: &str, asked: &str) {
        let message = format!("a policy of namespace `{own}` may not read {asked}");
        self.problems.at(
            node,
            Diagnostic::error("foreign-namespace", message)
                .help("read your own namespace, or make it a ClusterPolicy"),
        );
    }
}
