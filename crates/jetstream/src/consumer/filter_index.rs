//! Which consumers want a message: their filters as a tree of tokens, so that those that do not match cost nothing.

use jetkv_types::SubjectFilter;
use std::collections::HashMap;

/// Filters with the number of the consumer that each belongs to.
#[derive(Debug)]
pub(super) struct FilterIndex {
    /// The first one is the root; removed ones are used again.
    nodes: Vec<Node>,
    free: Vec<usize>,
    /// Nodes that the present token was matched against; kept to avoid allocations.
    frontier: Vec<usize>,
    next: Vec<usize>,
}

#[derive(Debug, Default)]
struct Node {
    literal: HashMap<Box<str>, usize>,
    star: Option<usize>,
    /// Filters that end here.
    here: Vec<u32>,
    /// Filters that end here with a `>`.
    below: Vec<u32>,
}

impl Default for FilterIndex {
    fn default() -> Self {
        Self { nodes: vec![Node::default()], free: Vec::new(), frontier: Vec::new(), next: Vec::new() }
    }
}

impl Node {
    /// Returns the child for a token; of one child alone, a comparison costs less than a hash.
    fn child_of(&self, token: &str) -> Option<usize> {
        if self.literal.len() > 1 {
            return self.literal.get(token).copied();
        }
        self.literal.iter().next().filter(|(only, _)| ***only == *token).map(|(_, child)| *child)
    }
}

impl FilterIndex {
    /// Adds a filter of a consumer.
    pub(super) fn insert(&mut self, filter: &SubjectFilter, owner: u32) {
        let mut at = ROOT;
        for token in filter.as_str().split('.') {
            if token == ">" {
                self.nodes[at].below.push(owner);
                return;
            }
            at = match self.child(at, token) {
                Some(child) => child,
                None => self.add_child(at, token),
            };
        }
        self.nodes[at].here.push(owner);
    }

    /// Removes a filter of a consumer.
    pub(super) fn remove(&mut self, filter: &SubjectFilter, owner: u32) {
        let mut path = vec![ROOT];
        let mut tokens: Vec<&str> = filter.as_str().split('.').collect();
        let subtree = tokens.last() == Some(&">");
        if subtree {
            tokens.pop();
        }
        for token in &tokens {
            let Some(child) = path.last().and_then(|at| self.child(*at, token)) else { return };
            path.push(child);
        }
        let Some(&at) = path.last() else { return };
        let owners = if subtree { &mut self.nodes[at].below } else { &mut self.nodes[at].here };
        if let Some(place) = owners.iter().position(|known| *known == owner) {
            owners.swap_remove(place);
        }
        self.prune(&path, &tokens);
    }

    /// Adds the owners of all filters that match `subject` to `into`.
    pub(super) fn matching(&mut self, subject: &str, into: &mut Vec<u32>) {
        self.frontier.clear();
        self.frontier.push(ROOT);
        for token in subject.split('.') {
            self.next.clear();
            for at in &self.frontier {
                let node = &self.nodes[*at];
                into.extend_from_slice(&node.below);
                self.next.extend(node.child_of(token));
                self.next.extend(node.star);
            }
            std::mem::swap(&mut self.frontier, &mut self.next);
            if self.frontier.is_empty() {
                return;
            }
        }
        for at in &self.frontier {
            into.extend_from_slice(&self.nodes[*at].here);
        }
    }

    /// Says whether any filter has a subject in common with `filter`.
    pub(super) fn overlaps(&self, filter: &SubjectFilter) -> bool {
        let mut frontier = vec![ROOT];
        for token in filter.as_str().split('.') {
            let mut next = Vec::new();
            for at in frontier {
                let node = &self.nodes[at];
                // Nodes are kept only if a filter ends in them or below them.
                if !node.below.is_empty() || token == ">" && node.has_children() {
                    return true;
                }
                match token {
                    "*" => next.extend(node.literal.values()),
                    _ => next.extend(node.literal.get(token)),
                }
                next.extend(node.star);
            }
            frontier = next;
        }
        frontier.iter().any(|at| !self.nodes[*at].here.is_empty())
    }

    fn child(&self, at: usize, token: &str) -> Option<usize> {
        match token {
            "*" => self.nodes[at].star,
            _ => self.nodes[at].literal.get(token).copied(),
        }
    }

    fn add_child(&mut self, at: usize, token: &str) -> usize {
        let child = self.free.pop().unwrap_or_else(|| {
            self.nodes.push(Node::default());
            self.nodes.len() - 1
        });
        match token {
            "*" => self.nodes[at].star = Some(child),
            _ => {
                self.nodes[at].literal.insert(token.into(), child);
            }
        }
        child
    }

    /// Gives back the nodes at the end of `path` that nothing needs any more.
    fn prune(&mut self, path: &[usize], tokens: &[&str]) {
        for (parent_and_child, token) in path.windows(2).zip(tokens).rev() {
            let &[parent, child] = parent_and_child else { return };
            if !self.nodes[child].is_empty() {
                return;
            }
            self.nodes[child] = Node::default();
            self.free.push(child);
            match *token {
                "*" => self.nodes[parent].star = None,
                token => {
                    self.nodes[parent].literal.remove(token);
                }
            }
        }
    }
}

impl Node {
    fn has_children(&self) -> bool {
        !self.literal.is_empty() || self.star.is_some()
    }

    fn is_empty(&self) -> bool {
        !self.has_children() && self.here.is_empty() && self.below.is_empty()
    }
}

const ROOT: usize = 0;

#[cfg(test)]
mod tests;
