#!/usr/bin/env node
console.log("offhook");
