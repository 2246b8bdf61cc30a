//! Cycles of a directed graph. Knows nothing of Rust.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// An edge, and the place that it was found at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) place: String,
}

/// Returns the shortest cycle through each node, each cycle once. Empty exactly for a graph without cycles.
pub(super) fn cycles(edges: &[Edge]) -> Vec<Vec<&Edge>> {
    let mut by_node: BTreeMap<&str, Vec<&Edge>> = BTreeMap::new();
    for edge in edges {
        by_node.entry(&edge.from).or_default().push(edge);
    }
    let mut seen = BTreeSet::new();
    let is_new = |cycle: &Vec<&Edge>| {
        let nodes: BTreeSet<String> = cycle.iter().map(|edge| edge.from.clone()).collect();
        seen.insert(nodes)
    };
    by_node.keys().filter_map(|start| shortest_cycle(start, &by_node)).filter(is_new).collect()
}

/// Searches breadth first from a node back to itself.
fn shortest_cycle<'a>(start: &'a str, by_node: &BTreeMap<&'a str, Vec<&'a Edge>>) -> Option<Vec<&'a Edge>> {
    let mut reached_by: BTreeMap<&str, &Edge> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        for edge in by_node.get(node).into_iter().flatten() {
            if reached_by.contains_key(edge.to.as_str()) {
                continue;
            }
            reached_by.insert(&edge.to, edge);
            if edge.to == start {
                return Some(path_back(start, &reached_by));
            }
            queue.push_back(&edge.to);
        }
    }
    None
}

fn path_back<'a>(start: &str, reached_by: &BTreeMap<&str, &'a Edge>) -> Vec<&'a Edge> {
    let mut path = Vec::new();
    let mut node = start;
    while let Some(edge) = reached_by.get(node) {
        path.push(*edge);
        node = &edge.from;
        if node == start {
            break;
        }
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(pairs: &[(&str, &str)]) -> Vec<String> {
        let edge =
            |(from, to): &(&str, &str)| Edge { from: (*from).to_owned(), to: (*to).to_owned(), place: String::new() };
        let edges: Vec<Edge> = pairs.iter().map(edge).collect();
        cycles(&edges).iter().map(|cycle| cycle.iter().map(|edge| edge.from.as_str()).collect()).collect()
    }

    #[test]
    fn graph_without_cycles_has_none() {
        assert!(nodes(&[("a", "b"), ("b", "c"), ("a", "c")]).is_empty());
    }

    #[test]
    fn each_cycle_is_found_once() {
        assert_eq!(nodes(&[("a", "b"), ("b", "a"), ("a", "b")]), ["ab"]);
        assert_eq!(nodes(&[("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "c")]), ["abc", "cd"]);
    }
}
