<?php
// Keeps a worker and a processor for ?ms=N milliseconds.
header('Content-Type: text/plain');
$until = hrtime(true) + (float) ($_GET['ms'] ?? 100) * 1e6;
$rounds = 0;
while (hrtime(true) < $until) {
    $rounds += strlen(hash('sha256', (string) $rounds)) > 0 ? 1 : 0;
}
echo "burnt\n";
