//! The XML responses of the Query protocol, which IAM, EC2 and STS speak.

use anyhow::Context;
use roxmltree::{Document, Node};

use super::tags::Tags;

/// A response in XML.
#[derive(Debug)]
pub(crate) struct Xml(String);

impl Xml {
    pub(super) fn new(text: String) -> Self {
        Self(text)
    }

    /// Returns the text of the first element of this name.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.texts(name).into_iter().next()
    }

    /// Returns the texts of all elements of this name, in document order.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let Ok(document) = Document::parse(&self.0) else { return Vec::new() };
        let named = document.descendants().filter(|node| node.tag_name().name() == name);
        named.filter_map(|node| node.text()).map(str::to_owned).collect()
    }

    /// Maps each item of the list `list`, leaving out those for which `read` returns `None`.
    ///
    /// Reads only the list's own children: items hold further lists with items that look alike.
    pub(crate) fn items<T>(&self, list: &str, read: impl Fn(Node<'_, '_>) -> Option<T>) -> anyhow::Result<Vec<T>> {
        let document = Document::parse(&self.0).context("invalid response from AWS: expected XML")?;
        let list = document.descendants().find(|node| node.tag_name().name() == list);
        Ok(list.into_iter().flat_map(|list| list.children().filter(Node::is_element)).filter_map(read).collect())
    }
}

/// Returns a node's child of this name.
pub(super) fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| child.tag_name().name() == name)
}

/// Returns the items of a list inside a node.
pub(super) fn children<'a, 'input>(node: Node<'a, 'input>, list: &str) -> impl Iterator<Item = Node<'a, 'input>> {
    child(node, list).into_iter().flat_map(|list| list.children().filter(Node::is_element))
}

/// Returns the text of a node's child of this name; empty for an empty element.
pub(super) fn child_text(node: Node<'_, '_>, name: &str) -> Option<String> {
    Some(child(node, name)?.text().unwrap_or_default().to_owned())
}

/// Returns the tags in the `tagSet` of an EC2 resource.
pub(super) fn tag_set(resource: Node<'_, '_>) -> Tags {
    let items = children(resource, "tagSet");
    items.filter_map(|item| Some((child_text(item, "key")?, child_text(item, "value")?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_of_nested_lists_are_left_out() {
        let xml = Xml::new(
            "<r xmlns='x'><groups><item><id>a</id><tagSet><item><key>k</key><value/></item></tagSet>
             <rules><item><id>rule</id></item></rules></item></groups></r>"
                .to_owned(),
        );
        let found = xml.items("groups", |item| Some((child_text(item, "id")?, tag_set(item)))).unwrap();
        assert_eq!(found, [("a".to_owned(), Tags::from([("k".to_owned(), String::new())]))]);
        assert!(xml.items("missing", |item| child_text(item, "id")).unwrap().is_empty());
    }
}
