#pragma once

/// JSON text lives in base; kept until every include names it there.
#include "base/json_text.hpp"
