"""The local cloud: moto made strict, ministack, and what deploys to them. Only here is third-party code patched."""
