<?php
// What a customer asks for: the verification of a repair asks for it too.
header('Content-Type: text/plain');
echo "shop\n";
