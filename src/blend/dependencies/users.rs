// SPDX-License-Identifier: Apache-2.0
//! Who shows a sequence, and when.
