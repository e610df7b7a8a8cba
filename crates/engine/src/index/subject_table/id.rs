//! Numbers that stand for subjects and for places in the tree.

/// Most subjects in one table: ids have 29 bits, the other three tell nodes and subjects apart. No id has all bits set.
pub(crate) const SUBJECTS_MAX: usize = (1 << 29) - 1;

/// The number of a subject in its table; below the largest number of subjects there ever were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SubjectId(u32);

impl SubjectId {
    pub(crate) fn new(number: u32) -> Self {
        assert!(widen(number) < SUBJECTS_MAX, "a table takes at most {SUBJECTS_MAX} subjects");
        Self(number)
    }

    pub(crate) fn number(self) -> u32 {
        self.0
    }
}

/// A place in the tree as four bytes: a node, a subject, or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ref(u32);

/// What a [`Ref`] stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Nothing,
    Leaf(SubjectId, Ends),
    Node(NodeRef),
}

/// Whether a subject has bytes behind those on the way to its leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    Here,
    Later,
}

/// A node: its size and its place in the slab of that size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NodeRef(u32);

/// The four sizes of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NodeKind {
    Four,
    Sixteen,
    FortyEight,
    Full,
}

impl Ref {
    pub(super) const NOTHING: Self = Self(u32::MAX);

    /// Returns the leaf of a subject that has `tail` behind the way to the leaf.
    pub(super) fn leaf(id: SubjectId, tail: &[u8]) -> Self {
        Self(id.0 << TAG_BITS | if tail.is_empty() { LEAF_HERE } else { LEAF_LATER })
    }

    #[inline]
    pub(super) fn target(self) -> Target {
        match self.0 & TAG_MASK {
            LEAF_HERE => Target::Leaf(SubjectId(self.0 >> TAG_BITS), Ends::Here),
            LEAF_LATER => Target::Leaf(SubjectId(self.0 >> TAG_BITS), Ends::Later),
            tag if tag < LEAF_HERE => Target::Node(NodeRef(self.0)),
            _ => Target::Nothing,
        }
    }

    /// Returns the subject of a leaf.
    pub(super) fn id(self) -> Option<SubjectId> {
        match self.target() {
            Target::Leaf(id, _) => Some(id),
            Target::Nothing | Target::Node(_) => None,
        }
    }
}

impl NodeRef {
    /// There are never more nodes than subjects, as each node has two ways down; so the number has 29 bits, too.
    pub(super) fn new(kind: NodeKind, number: u32) -> Self {
        let tag = match kind {
            NodeKind::Four => 0,
            NodeKind::Sixteen => 1,
            NodeKind::FortyEight => 2,
            NodeKind::Full => 3,
        };
        Self(number << TAG_BITS | tag)
    }

    #[inline]
    pub(super) fn kind(self) -> NodeKind {
        match self.0 & TAG_MASK {
            0 => NodeKind::Four,
            1 => NodeKind::Sixteen,
            2 => NodeKind::FortyEight,
            _ => NodeKind::Full,
        }
    }

    #[inline]
    pub(crate) fn number(self) -> u32 {
        self.0 >> TAG_BITS
    }
}

impl From<NodeRef> for Ref {
    fn from(node: NodeRef) -> Self {
        Self(node.0)
    }
}

/// Turns a slab number into an index.
#[inline]
#[expect(clippy::as_conversions, reason = "usize has at least 32 bits wherever this crate builds")]
pub(super) const fn widen(number: u32) -> usize {
    number as usize
}

const TAG_BITS: u32 = 3;
const TAG_MASK: u32 = (1 << TAG_BITS) - 1;
// Tags 0 to 3 are the kinds of nodes; 7, all bits set, is nothing.
const LEAF_HERE: u32 = 4;
const LEAF_LATER: u32 = 5;
