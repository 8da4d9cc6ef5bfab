<?php
// Keeps a worker and a processor for ?s=N seconds.
header('Content-Type: text/plain');
$until = hrtime(true) + (float) ($_GET['s'] ?? 0.1) * 1e9;
$rounds = 0;
while (hrtime(true) < $until) {
    $rounds += strlen(hash('sha256', (string) $rounds)) > 0 ? 1 : 0;
}
echo "burnt\n";
