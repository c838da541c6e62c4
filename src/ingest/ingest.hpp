#pragma once

/// The whole door in one include: bodies in a known encoding and format -> batches, and what was rejected.
#include "ingest/decompress.hpp"
#include "ingest/event_parser.hpp"
#include "ingest/rejection.hpp"
