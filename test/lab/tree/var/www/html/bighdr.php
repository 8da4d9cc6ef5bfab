<?php
// 8 kB of response headers: more than nginx's default fastcgi_buffer_size holds.
for ($i = 0; $i < 40; $i++) {
    header("X-Long-$i: " . str_repeat('h', 200));
}
echo "big header\n";
