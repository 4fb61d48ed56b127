"""Each supporting measure, over its real adapter on the strict moto, and against every fault in memory."""
