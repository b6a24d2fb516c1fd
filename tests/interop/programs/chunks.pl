# Sends a file in chunks of so many octets with Net::SMTP, which wants BINARYMIME too: perl chunks.pl PORT FILE OCTETS
use strict;
use warnings;
use Net::SMTP;

my ($port, $file, $octets) = @ARGV;
my $smtp = Net::SMTP->new('127.0.0.1', Port => $port, Timeout => 20) or die "no connection\n";
$smtp->mail('app@shop.test', Bits => 'binary') && $smtp->recipient('bob@x.test') or die $smtp->message;
open my $in, '<:raw', $file or die "$file: $!\n";
while (read $in, my $chunk, $octets) {
    $smtp->bdat($chunk) or die $smtp->message;
}
$smtp->bdatlast('') or die $smtp->message;
$smtp->quit;
