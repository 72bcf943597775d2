<?php
// Runs verify.php over the cases on standard input, one a line; prints 1 or 0 for each.
require getcwd() . '/verify.php';

while (($line = fgets(STDIN)) !== false) {
    $cells = array_map('base64_decode', explode("\t", rtrim($line, "\n")));
    [$secrets, $id, $timestamp, $signature, $target, $body, $now] = $cells;
    $headers = array_filter([
        'webhook-id' => $id,
        'webhook-timestamp' => $timestamp,
        'webhook-signature' => $signature,
    ], fn ($value) => $value !== '');
    echo verify(explode(' ', $secrets), $headers, $target, $body, (int) $now) ? 1 : 0, "\n";
}
