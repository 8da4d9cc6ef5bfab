<?php
$until = microtime(true) + (float) ($_GET['s'] ?? 0.05);
while (microtime(true) < $until) hash('sha256', random_bytes(1024));
echo "burnt\n";
