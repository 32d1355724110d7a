/* Reads and hashes every file: what no scan can be faster than. */
#include "peer.h"

int main(int argc, char **argv)
{
    return peer_run(argc, argv, false, peer_hash);
}
